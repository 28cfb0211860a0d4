package io.varve.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LineReaderTest {

  @Test
  void countsLinesAndTheirEnds() throws IOException {
    assertThat(lines("a\n\nbc\r\nd".getBytes(StandardCharsets.UTF_8)))
        .containsExactly(
            new LineReader.Line(1, "a", "", 2),
            new LineReader.Line(2, "", "", 3),
            new LineReader.Line(3, "bc\r", "", 7),
            new LineReader.Line(4, "d", "", 8));
  }

  @Test
  void behindTheLastNewlineThereIsNoLine() throws IOException {
    assertThat(lines("a\n".getBytes(StandardCharsets.UTF_8))).hasSize(1);
    assertThat(lines(new byte[0])).isEmpty();
  }

  @Test
  void whatIsWrongWithOneLineIsToldOfThatLine() throws IOException {
    byte[] bytes = new byte[LineReader.MAX_LINE_BYTES + 20];
    java.util.Arrays.fill(bytes, (byte) 'x');
    bytes[0] = (byte) 0xe9;
    bytes[1] = '\n';
    bytes[bytes.length - 2] = '\n';

    List<LineReader.Line> lines = lines(bytes);

    assertThat(lines).hasSize(3);
    assertThat(lines.get(0).mistake()).isEqualTo("it is not UTF-8");
    assertThat(lines.get(1).mistake()).isEqualTo("it is longer than 16777216 bytes");
    assertThat(lines.get(1).text()).isEmpty();
    assertThat(lines.get(2)).isEqualTo(new LineReader.Line(3, "x", "", bytes.length));
  }

  @Test
  void aLineMayBeAsLongAsItMay() throws IOException {
    byte[] bytes = new byte[LineReader.MAX_LINE_BYTES];
    java.util.Arrays.fill(bytes, (byte) 'x');

    assertThat(lines(bytes).get(0).text()).hasSize(bytes.length);
  }

  private static List<LineReader.Line> lines(byte[] bytes) throws IOException {
    LineReader reader = new LineReader(new ByteArrayInputStream(bytes));
    List<LineReader.Line> lines = new ArrayList<>();
    for (Optional<LineReader.Line> line = reader.next(); line.isPresent(); line = reader.next()) {
      lines.add(line.get());
    }
    return lines;
  }
}
