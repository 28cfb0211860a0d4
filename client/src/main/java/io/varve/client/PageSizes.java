package io.varve.client;

/** Checks sizes of pages. */
final class PageSizes {

  private PageSizes() {}

  static void require(int pageSize, int max) {
    if (pageSize < 1 || pageSize > max) {
      throw new IllegalArgumentException("a page has 1 to " + max + " entries: " + pageSize);
    }
  }
}
