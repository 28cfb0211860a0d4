package io.varve.client;

import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A page of sources, by name.
 *
 * @param sources where each stands
 * @param head the head this page was answered at
 * @param next what to ask for the next page; empty = this is the last
 */
public record SourcesPage(List<SourceState> sources, long head, Optional<ListSourcesOptions> next) {
  public SourcesPage {
    sources = List.copyOf(sources);
    Objects.requireNonNull(next, "next");
  }
}
