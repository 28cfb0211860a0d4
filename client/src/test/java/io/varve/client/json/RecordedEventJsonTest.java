package io.varve.client.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.client.Bytes;
import io.varve.client.Event;
import io.varve.client.NewEvent;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RecordedEventJsonTest {

  @ParameterizedTest
  @ValueSource(strings = {"", "{\"a\":1.50,\"b\":1e5}", "{ \"a\" : 1 }", "plain text", "\u0000"})
  void everyFieldComesBack(String data) {
    Event event =
        new Event(
            7,
            "s",
            3,
            "T",
            "st",
            "rt",
            "ri",
            List.of("a", "b"),
            "k",
            true,
            Bytes.utf8(data),
            "application/json",
            Bytes.utf8("{\"m\":1}"),
            Optional.of(Instant.EPOCH),
            Instant.ofEpochSecond(5, 123_000),
            "id",
            "client",
            "buffer",
            9);
    assertThat(EventJson.readRecorded(EventJson.writeExactly(event))).isEqualTo(event);

    NewEvent said = LocalCopy.of(event);
    assertThat(EventJson.read(EventJson.writeExactly(said))).isEqualTo(said);
    assertThat(EventJson.read(EventJson.writeExactly(event))).isEqualTo(said);
  }

  @Test
  void saysWhatIsMissingOrWrong() {
    String start = "{\"source\":\"s\",\"type\":\"T\",";
    assertThatThrownBy(() -> EventJson.readRecorded(start + "\"position\":1,\"version\":1}"))
        .isInstanceOf(JsonSyntaxException.class)
        .hasMessageContaining("'recorded'");
    assertThatThrownBy(() -> EventJson.readRecorded(start + "\"position\":0}"))
        .isInstanceOf(JsonSyntaxException.class)
        .hasMessageContaining("'position' must be a number from 1");
  }

  private static final class LocalCopy {
    private LocalCopy() {}

    static NewEvent of(Event event) {
      return new NewEvent(
          event.source(),
          event.type(),
          event.sourceType(),
          event.streamType(),
          event.streamId(),
          event.tags(),
          event.key(),
          event.tombstone(),
          event.data(),
          event.contentType(),
          event.metadata(),
          event.occurred(),
          event.id());
    }
  }
}
