package io.varve.statemachine.model;

import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;

/** Every key and value of a store, as they stand on disk, knowing nothing of what they mean. */
final class StoreDump {

  private static final HexFormat HEX = HexFormat.of();

  private StoreDump() {}

  /**
   * What is in a store that nobody has open: per column family its keys and values, in hexadecimal.
   */
  static Map<String, Map<String, String>> of(Path store) {
    Map<String, Map<String, String>> dump = new TreeMap<>();
    try (RawStore raw = RawStore.open(store, true)) {
      for (String column : raw.columns()) {
        Map<String, String> rows = new TreeMap<>();
        raw.rows(column)
            .forEach(row -> rows.put(HEX.formatHex(row.key()), HEX.formatHex(row.value())));
        dump.put(column, rows);
      }
    }
    return dump;
  }
}
