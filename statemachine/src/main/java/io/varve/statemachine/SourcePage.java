package io.varve.statemachine;

import java.util.List;

/**
 * A page of sources.
 *
 * @param sources the sources, by the bytes of their names in UTF-8
 * @param more whether there are more: ask again after the last of these, of which there is one then
 */
public record SourcePage(List<ListedSource> sources, boolean more) {
  public SourcePage {
    sources = List.copyOf(sources);
  }

  /**
   * A source and how far it has come.
   *
   * @param source its name
   * @param version how many events it has had, at least 1
   * @param lastPosition the position of the newest of them
   */
  public record ListedSource(String source, long version, long lastPosition) {}
}
