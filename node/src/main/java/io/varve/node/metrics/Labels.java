package io.varve.node.metrics;

/** Labels as the exposition writes them: {@code {method="Append",code="OK"}}. */
final class Labels {

  private Labels() {}

  /** Keys and values by turns; nothing at all is the empty text. */
  static String text(String... keysAndValues) {
    if (keysAndValues.length % 2 != 0) {
      throw new IllegalArgumentException("a label without a value");
    }
    if (keysAndValues.length == 0) {
      return "";
    }
    StringBuilder text = new StringBuilder("{");
    for (int i = 0; i < keysAndValues.length; i += 2) {
      text.append(i == 0 ? "" : ",")
          .append(keysAndValues[i])
          .append("=\"")
          .append(escaped(keysAndValues[i + 1]))
          .append('"');
    }
    return text.append('}').toString();
  }

  private static String escaped(String value) {
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace("\"", "\\\"");
  }
}
