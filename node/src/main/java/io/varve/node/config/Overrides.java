package io.varve.node.config;

import io.varve.node.config.ConfigValue.Items;
import io.varve.node.config.ConfigValue.Scalar;
import io.varve.node.config.ConfigValue.Section;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Values for keys of a configuration file from elsewhere: environment variables, and over them
 * flags. A list is written as YAML, in one line if need be.
 */
public final class Overrides {

  /** Variables with our prefix that mean something to the launcher or the command line. */
  private static final TreeSet<String> OTHERS =
      new TreeSet<>(
          List.of(
              "VARVE_HEALTHCHECK_PORT",
              "VARVE_JAVA_OPTS",
              "VARVE_LOG_LEVEL",
              "VARVE_SKIP_BUILD",
              "VARVE_TARGET",
              "VARVE_TOKEN"));

  /** What Kubernetes sets for every service whose name begins with {@code varve}. */
  private static final Pattern SERVICE_LINK =
      Pattern.compile(
          "VARVE_([A-Z0-9_]+_)?(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?"
              + "|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)");

  /** A value for a key, and who says so. */
  private record Given(String path, String text, String origin) {}

  private final Collection<ConfigKey> keys;
  private final List<Given> overrides = new ArrayList<>();

  /**
   * None yet.
   *
   * @param keys every key there is
   */
  public Overrides(Collection<ConfigKey> keys) {
    this.keys = List.copyOf(keys);
  }

  /**
   * Adds what the environment says. An empty variable says nothing.
   *
   * @throws ConfigException if a variable with our prefix is nobody's
   */
  public Overrides environment(Map<String, String> environment) {
    Map<String, String> paths = new TreeMap<>();
    keys.forEach(key -> paths.put(key.variable(), key.path()));
    new TreeMap<>(environment)
        .forEach(
            (variable, text) -> {
              if (paths.containsKey(variable)) {
                if (!text.isBlank()) {
                  overrides.add(new Given(paths.get(variable), text.strip(), variable));
                }
              } else if (variable.startsWith(ConfigKey.PREFIX)
                  && !OTHERS.contains(variable)
                  && !SERVICE_LINK.matcher(variable).matches()) {
                throw new ConfigException(
                    variable
                        + ": no key has this environment variable"
                        + Nearest.to(variable, paths.keySet())
                            .map(near -> "; did you mean " + near + "?")
                            .orElse("; docs/configuration.md lists those there are"));
              }
            });
    return this;
  }

  /**
   * Adds a flag's value, which wins over those before.
   *
   * @param flag the flag as it was written, for messages
   * @param path the key
   * @throws ConfigException if there is no such key
   */
  public Overrides flag(String flag, String path, String text) {
    List<String> paths = keys.stream().map(ConfigKey::path).toList();
    if (!paths.contains(path)) {
      throw new ConfigException(
          flag
              + ": unknown key '"
              + path
              + "'"
              + Nearest.to(path, paths)
                  .map(near -> "; did you mean '" + near + "'?")
                  .orElse("; docs/configuration.md lists those there are"));
    }
    overrides.add(new Given(path, text, flag));
    return this;
  }

  /**
   * Adds a flag of the form {@code KEY=VALUE}.
   *
   * @throws ConfigException if it has another form, or there is no such key
   */
  public Overrides set(String keyAndValue) {
    int equals = keyAndValue.indexOf('=');
    String key = equals < 0 ? keyAndValue : keyAndValue.substring(0, equals);
    String flag = "--set " + key;
    if (equals <= 0) {
      throw new ConfigException(flag + ": must be KEY=VALUE, as in --set tuning.readWorkers=4");
    }
    return flag(flag, key, keyAndValue.substring(equals + 1));
  }

  /** A file's values with these in their place. */
  Section over(Section file) {
    Section result = file;
    for (Given given : overrides) {
      List<String> names = List.of(given.path().split("\\.", -1));
      result = with(result, names, value(given));
    }
    return result;
  }

  private ConfigValue value(Given given) {
    boolean list =
        keys.stream().anyMatch(key -> key.path().equals(given.path()) && key.kind().equals("list"));
    if (!list) {
      return new Scalar(given.text(), given.origin());
    }
    ConfigValue value = YamlReader.value(given.text(), given.origin());
    if (value instanceof Items) {
      return value;
    }
    throw new ConfigException(
        given.origin()
            + ": '"
            + given.path()
            + "' must be a list, such as [{id: n1, peerAddress: 'h:1', clientAddress: 'h:2'}], not "
            + value.kind());
  }

  private static Section with(Section section, List<String> names, ConfigValue value) {
    Map<String, ConfigValue> values = new LinkedHashMap<>(section.values());
    String name = names.get(0);
    if (names.size() == 1) {
      values.put(name, value);
    } else {
      ConfigValue inner = values.get(name);
      if (inner != null && !(inner instanceof Section) && !isNothing(inner)) {
        return section; // what stands in the file there is refused by its reader
      }
      Section there =
          inner instanceof Section known ? known : new Section(Map.of(), value.origin());
      values.put(name, with(there, names.subList(1, names.size()), value));
    }
    return new Section(values, section.origin());
  }

  private static boolean isNothing(ConfigValue value) {
    return value instanceof Scalar scalar && scalar.text().isEmpty();
  }
}
