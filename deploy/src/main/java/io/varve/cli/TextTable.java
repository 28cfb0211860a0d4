package io.varve.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Rows of text in aligned columns; numbers to the right. Not thread-safe. */
final class TextTable {
  private final List<String[]> rows = new ArrayList<>();

  TextTable(String... headings) {
    rows.add(headings);
  }

  /** Adds a row with a cell for every heading. */
  void row(String... cells) {
    if (cells.length != rows.get(0).length) {
      throw new IllegalArgumentException("a row needs a cell for every heading");
    }
    rows.add(cells);
  }

  @Override
  public String toString() {
    int[] widths = new int[rows.get(0).length];
    boolean[] numbers = new boolean[widths.length];
    for (int column = 0; column < widths.length; column++) {
      boolean digits = rows.size() > 1;
      for (String[] row : rows) {
        widths[column] = Math.max(widths[column], row[column].length());
        digits &= row == rows.get(0) || row[column].chars().allMatch(TextTable::numeric);
      }
      numbers[column] = digits;
    }
    return rows.stream().map(row -> line(row, widths, numbers)).collect(Collectors.joining("\n"));
  }

  private static String line(String[] row, int[] widths, boolean[] numbers) {
    StringBuilder line = new StringBuilder();
    for (int column = 0; column < row.length; column++) {
      String padding = " ".repeat(widths[column] - row[column].length());
      line.append(column == 0 ? "" : "  ");
      line.append(numbers[column] ? padding + row[column] : row[column] + padding);
    }
    return line.toString().stripTrailing();
  }

  private static boolean numeric(int character) {
    return (character >= '0' && character <= '9') || character == '.' || character == ',';
  }
}
