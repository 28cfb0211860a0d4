package io.varve.cli;

import io.varve.client.Filter;
import io.varve.client.json.FilterJson;
import io.varve.client.json.JsonSyntaxException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that say which events: one source's, a filter's, or all. */
final class Selection {

  @Option(names = "--source", paramLabel = "S", description = "Only events of this source.")
  private @Nullable String source;

  @Option(
      names = "--filter",
      paramLabel = "JSON",
      description =
          "Only events that match, e.g."
              + " '{\"anyOf\":[{\"types\":[\"OrderPlaced\"],\"tags\":[\"customer:7\"]}]}'.")
  private @Nullable String filter;

  /**
   * Refuses what contradicts itself.
   *
   * @throws UsageException if it does
   */
  void check() {
    if (source != null && filter != null) {
      throw new UsageException("--source and --filter exclude each other");
    }
    filter();
  }

  Optional<String> source() {
    return Optional.ofNullable(source);
  }

  Optional<Filter> filter() {
    if (filter == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(FilterJson.readFilter(filter));
    } catch (JsonSyntaxException e) {
      throw new UsageException("--filter: " + e.getMessage());
    }
  }
}
