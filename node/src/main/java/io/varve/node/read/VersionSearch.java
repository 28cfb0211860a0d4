package io.varve.node.read;

import io.varve.statemachine.LogReader;

/** Finds versions of a source by position, in a handful of look-ups. */
final class VersionSearch {

  private VersionSearch() {}

  /** How many events of a source lie before a position. */
  static long versionsBefore(LogReader reader, String source, long position) {
    return position <= 1 ? 0 : versionsUpTo(reader, source, position - 1);
  }

  /** How many events of a source lie at or before a position. */
  static long versionsUpTo(LogReader reader, String source, long position) {
    long low = 0; // this many do
    long high = reader.version(source); // no more than this many do
    while (low < high) {
      long middle = low + (high - low + 1) / 2;
      if (reader.position(source, middle).filter(p -> p <= position).isPresent()) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }
}
