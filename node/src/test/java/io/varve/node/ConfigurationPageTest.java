package io.varve.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.node.config.ConfigKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** docs/configuration.md against the keys that the parser asks for. */
class ConfigurationPageTest {

  private static final Path PAGE = Path.of("..", "docs", "configuration.md");
  private static final Pattern ROW =
      Pattern.compile(
          "(?m)^\\| `([A-Za-z.]+)` \\| `([A-Z_]+)` \\| (\\w+) \\| ([^|]*) \\| ([^|]*)\\|");

  /** Where a range or a default is said in words, the parser has none to compare with. */
  private record Row(String key, String variable, String kind, String otherwise, String range) {}

  @Test
  void thePageAndTheParserAgreeOnEveryKey() throws IOException {
    List<Row> documented = new ArrayList<>();
    for (Matcher row = ROW.matcher(Files.readString(PAGE)); row.find(); ) {
      documented.add(
          new Row(
              row.group(1),
              row.group(2),
              row.group(3),
              row.group(4).replace("`", "").strip(),
              row.group(5).strip()));
    }
    List<ConfigKey> keys = NodeConfig.keys();

    assertThat(documented)
        .extracting(Row::key)
        .containsExactlyInAnyOrderElementsOf(keys.stream().map(ConfigKey::path).toList());
    for (ConfigKey key : keys) {
      Row row =
          documented.stream().filter(any -> any.key().equals(key.path())).findFirst().orElseThrow();
      assertThat(row.variable()).isEqualTo(key.variable());
      assertThat(row.kind()).as(key.path()).isEqualTo(key.kind());
      if (!key.defaultText().isEmpty()) {
        assertThat(row.otherwise()).as(key.path()).isEqualTo(key.defaultText());
      }
      if (!key.range().isEmpty()) {
        assertThat(row.range()).as(key.path()).isEqualTo(key.range());
      }
    }
  }

  @Test
  void everyVariableIsOfOneKey() {
    assertThat(NodeConfig.keys()).extracting(ConfigKey::variable).doesNotHaveDuplicates();
    assertThat(NodeConfig.keys())
        .extracting(ConfigKey::variable)
        .contains("VARVE_NODE_ID", "VARVE_TUNING_ENTRIES_IN_FLIGHT", "VARVE_MEMBERS");
  }

  @Test
  void thePagesExampleIsOne(@TempDir Path directory) throws IOException {
    Matcher block = Pattern.compile("(?ms)^```yaml\n(.*?)^```$").matcher(Files.readString(PAGE));
    assertThat(block.find()).isTrue();
    Path file = Files.writeString(directory.resolve("node.yaml"), block.group(1));

    NodeConfig config = NodeConfig.load(file);

    assertThat(config.members()).hasSize(3);
    assertThat(config.limits().payloadBytes()).isEqualTo(256 << 10);
    assertThat(config.raft().store().blockCacheBytes()).isEqualTo(256 << 20);
  }
}
