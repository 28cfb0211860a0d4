package io.varve.client.localfirst;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SseParserTest {

  private static List<SseMessage> parse(SseParser parser, String text) {
    return parser.feed(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
  }

  private static List<SseMessage> parse(String text) {
    return parse(new SseParser(), text);
  }

  @ParameterizedTest
  @ValueSource(strings = {"\n", "\r", "\r\n"})
  void readsTheSameHoweverItIsSplit(String end) {
    String stream =
        "\uFEFFretry: 1500||event: hello|data: {\"head\":3}||: heartbeat||id: 1|data: {\"x\":\"ä€😀\"}||"
            + "event:caught-up|id: 2|data:a|data: b|data||unknown: x|:|data: last||data: never ended|";
    byte[] bytes = stream.replace("|", end).getBytes(StandardCharsets.UTF_8);
    List<SseMessage> expected =
        List.of(
            new SseMessage("hello", "{\"head\":3}", ""),
            new SseMessage("message", "{\"x\":\"ä€😀\"}", "1"),
            new SseMessage("caught-up", "a\nb\n", "2"),
            new SseMessage("message", "last", "2"));
    for (int first = 0; first <= bytes.length; first++) {
      for (int second = first; second <= bytes.length; second++) {
        SseParser parser = new SseParser();
        List<SseMessage> messages = new ArrayList<>();
        messages.addAll(parser.feed(ByteBuffer.wrap(bytes, 0, first)));
        messages.addAll(parser.feed(ByteBuffer.wrap(bytes, first, second - first)));
        messages.addAll(parser.feed(ByteBuffer.wrap(bytes, second, bytes.length - second)));
        assertThat(messages).as("split at %s and %s", first, second).isEqualTo(expected);
        assertThat(parser.retryMillis()).hasValue(1500);
      }
    }
  }

  @Test
  void onlyAnEmptyLineCompletesAMessage() {
    SseParser parser = new SseParser();
    assertThat(parse(parser, "data: a\n")).isEmpty();
    assertThat(parse(parser, "\n")).containsExactly(new SseMessage("message", "a", ""));
    assertThat(parse(parser, "\n\nevent: nothing\n\n")).isEmpty();
    assertThat(parse(parser, "data:\n\n")).containsExactly(new SseMessage("message", "", ""));
  }

  @Test
  void stripsOneBlankOnlyAndReadsOverWhatItDoesNotKnow() {
    assertThat(parse("data:  two\nretry: soon\nid: a\0b\nDATA: no\n\n"))
        .containsExactly(new SseMessage("message", " two", ""));
  }

  @Test
  void aMessageIsBoundedAndHeartbeatsDoNotAddUp() {
    SseParser parser = new SseParser();
    String comment = ": " + "x".repeat(1 << 20) + "\n";
    for (int i = 0; i < 20; i++) {
      assertThat(parse(parser, comment)).isEmpty();
    }
    String data = "data: " + "x".repeat(1 << 20) + "\n";
    for (int i = 0; i < 7; i++) {
      assertThat(parse(parser, data)).isEmpty();
    }
    assertThatThrownBy(() -> parse(parser, data))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("more than 8388608 bytes");
  }
}
