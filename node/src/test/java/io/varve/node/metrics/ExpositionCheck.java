package io.varve.node.metrics;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads an exposition as strictly as {@code promtool check metrics} does, its advice on names
 * included, so that no test needs that program.
 */
public final class ExpositionCheck {

  private static final Pattern HELP = Pattern.compile("# HELP ([a-z][a-z0-9_]*) (\\S.*)");
  private static final Pattern TYPE =
      Pattern.compile("# TYPE ([a-z][a-z0-9_]*) (counter|gauge|histogram)");
  private static final String LABEL = "[a-z_]+=\"(?:[^\"\\\\\\n]|\\\\[\\\\n\"])*\"";
  private static final Pattern SAMPLE =
      Pattern.compile("([a-z][a-z0-9_]*)(?:\\{(" + LABEL + "(?:," + LABEL + ")*)\\})? (\\S+)");
  private static final Pattern ONE_LABEL = Pattern.compile("([a-z_]+)=\"((?:[^\"\\\\]|\\\\.)*)\"");
  private static final Set<String> WRONG_UNITS =
      Set.of(
          "ms",
          "millis",
          "milliseconds",
          "micros",
          "microseconds",
          "nanos",
          "nanoseconds",
          "minutes",
          "hours",
          "sec",
          "secs",
          "kb",
          "mb",
          "kib",
          "mib",
          "megabytes",
          "kilobytes",
          "percent",
          "counter",
          "gauge",
          "histogram",
          "summary");

  /** A family that was read. */
  public static final class Family {
    private final String type;
    private final Set<String> labels = new TreeSet<>();
    private int samples;

    private Family(String type) {
      this.type = type;
    }

    /** Its type. */
    public String type() {
      return type;
    }

    /** The names of its samples' labels, {@code le} apart. */
    public Set<String> labels() {
      return labels;
    }

    /** How many samples it has. */
    public int samples() {
      return samples;
    }
  }

  private final Map<String, Family> families = new LinkedHashMap<>();
  private final Map<String, Double> values = new LinkedHashMap<>();
  private final List<String> problems = new ArrayList<>();
  private final Set<String> helped = new HashSet<>();
  private String current = "";

  private ExpositionCheck() {}

  /** Reads a text. */
  public static ExpositionCheck of(String text) {
    ExpositionCheck check = new ExpositionCheck();
    if (!text.endsWith("\n")) {
      check.problems.add("the last line does not end");
    }
    text.lines().forEach(check::line);
    check.histograms();
    return check;
  }

  /** What is wrong with it. */
  public List<String> problems() {
    return problems;
  }

  /** Its families by name. */
  public Map<String, Family> families() {
    return families;
  }

  /** A sample's value, by its name and labels as they are written. */
  public double value(String sample) {
    Double value = values.get(sample);
    if (value == null) {
      throw new AssertionError("no sample " + sample + " among " + values.keySet());
    }
    return value;
  }

  private void line(String line) {
    Matcher help = HELP.matcher(line);
    Matcher type = TYPE.matcher(line);
    Matcher sample = SAMPLE.matcher(line);
    if (help.matches()) {
      if (!helped.add(help.group(1))) {
        problems.add("helped twice: " + line);
      }
    } else if (type.matches()) {
      family(type.group(1), type.group(2));
    } else if (sample.matches()) {
      sample(line, sample.group(1), sample.group(2), sample.group(3));
    } else {
      problems.add("neither help, type nor sample: " + line);
    }
  }

  private void family(String name, String type) {
    current = name;
    if (families.putIfAbsent(name, new Family(type)) != null) {
      problems.add("typed twice: " + name);
    }
    if (!helped.contains(name)) {
      problems.add("no help before the type of " + name);
    }
    if (name.endsWith("_total") != type.equals("counter")) {
      problems.add("counters, and only they, end with _total: " + name);
    }
    for (String part : name.split("_", -1)) {
      if (WRONG_UNITS.contains(part)) {
        problems.add("'" + part + "' should not be in " + name);
      }
    }
    if (!type.equals("histogram") && name.matches(".*_(bucket|count|sum|info_total)")) {
      problems.add("reserved for histograms: " + name);
    }
  }

  private void sample(String line, String name, String labels, String value) {
    Family family = families.get(current);
    boolean histogram = family != null && family.type().equals("histogram");
    boolean belongs =
        histogram ? name.matches(current + "_(bucket|sum|count)") : name.equals(current);
    if (family == null || !belongs) {
      problems.add("not of the family " + current + ": " + line);
      return;
    }
    family.samples++;
    Set<String> names = new LinkedHashSet<>();
    if (labels != null) {
      for (Matcher label = ONE_LABEL.matcher(labels); label.find(); ) {
        if (!names.add(label.group(1))) {
          problems.add("a label twice: " + line);
        }
      }
    }
    names.remove("le");
    family.labels.addAll(names);
    double number = 0;
    try {
      number = Double.parseDouble(value.replace("Inf", "Infinity"));
    } catch (NumberFormatException e) {
      problems.add("not a number: " + line);
    }
    if (values.put(line.substring(0, line.lastIndexOf(' ')), number) != null) {
      problems.add("twice: " + line);
    }
    if (family.type().equals("counter") && (number < 0 || Double.isNaN(number))) {
      problems.add("a counter below 0: " + line);
    }
  }

  /** Buckets rise, the last one is +Inf, and as large as the count. */
  private void histograms() {
    families.forEach(
        (name, family) -> {
          if (family.type().equals("histogram")) {
            Map<String, Double> last = new LinkedHashMap<>();
            Map<String, Boolean> ended = new LinkedHashMap<>();
            values.forEach(
                (sample, value) -> {
                  if (sample.startsWith(name + "_bucket{")) {
                    String series = sample.replaceAll(",?le=\"[^\"]*\"", "");
                    Double before = last.put(series, value);
                    if (before != null && before > value) {
                      problems.add("buckets fall: " + sample);
                    }
                    ended.put(series, sample.contains("le=\"+Inf\""));
                  }
                });
            last.forEach(
                (series, most) -> {
                  String labels = series.substring((name + "_bucket").length());
                  String of = labels.equals("{}") ? "" : labels;
                  if (!Boolean.TRUE.equals(ended.get(series))) {
                    problems.add("no last bucket: " + series);
                  }
                  if (!most.equals(values.get(name + "_count" + of))) {
                    problems.add("the buckets are not the count: " + series);
                  }
                  if (!values.containsKey(name + "_sum" + of)) {
                    problems.add("no sum: " + series);
                  }
                });
          }
        });
  }
}
