package io.varve.client.serialization;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.client.Bytes;
import io.varve.client.Event;
import io.varve.client.NewEvent;
import io.varve.client.commands.EventType;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EventCodecTest {

  @EventType("Moved")
  record MovedV1(String to) {}

  @EventType(value = "Moved", generation = 2)
  record Moved(String street, String city) {}

  @EventType
  record Named(String name) {}

  record NoEvent() {}

  private static final EventTypes TYPES =
      EventTypes.builder()
          .add(Named.class)
          .upcast(MovedV1.class, Moved.class, old -> new Moved(old.to(), "Bonn"))
          .build();

  private final EventCodec codec = EventCodec.json(TYPES);

  private static NewEvent.Builder foreign(String type, String data) {
    return NewEvent.builder("s", type).data(data);
  }

  private DecodedEvent decode(NewEvent.Builder event) {
    return codec.decode(Events.recorded(event.build()));
  }

  private static DecodedEvent.Reason reason(DecodedEvent decoded) {
    assertThat(decoded).isInstanceOf(DecodedEvent.Unknown.class);
    return ((DecodedEvent.Unknown) decoded).reason();
  }

  @Test
  void anEventComesBackAsItsObject() {
    NewEvent event = codec.encode("person-1", new Named("Ada")).build();
    assertThat(event.source()).isEqualTo("person-1");
    assertThat(event.type()).isEqualTo("Named");
    assertThat(event.contentType()).isEqualTo("application/json");
    assertThat(event.data().toUtf8()).isEqualTo("{\"name\":\"Ada\"}");
    Event recorded = Events.recorded(event);
    DecodedEvent decoded = codec.decode(recorded);
    assertThat(decoded).isEqualTo(new DecodedEvent.Known(recorded, new Named("Ada")));
    assertThat(decoded.as(Named.class)).contains(new Named("Ada"));
    assertThat(decoded.as(Moved.class)).isEmpty();
  }

  @Test
  void theFirstGenerationLeavesNoTraceAndAnyOtherIsInTheMetadata() {
    assertThat(codec.encode("s", new MovedV1("x")).build().metadata().isEmpty()).isTrue();
    NewEvent second = codec.encode("s", new Moved("x", "y")).build();
    assertThat(second.type()).isEqualTo("Moved");
    assertThat(second.metadata().toUtf8()).isEqualTo("{\"eventGeneration\":2}");
  }

  @Test
  void anApplicationsMetadataStandsBesideTheGeneration() {
    NewEvent event = codec.encode("s", new Moved("x", "y"), Map.of("correlation", "c\"1")).build();
    assertThat(event.metadata().toUtf8())
        .isEqualTo("{\"eventGeneration\":2,\"correlation\":\"c\\\"1\"}");
    assertThat(codec.decode(Events.recorded(event)).as(Moved.class)).contains(new Moved("x", "y"));
    assertThatThrownBy(() -> codec.encode("s", new Named(""), Map.of("eventGeneration", "3")))
        .hasMessageContaining("eventGeneration");
  }

  @Test
  void anOlderGenerationIsReadAsTheNewest() {
    DecodedEvent decoded = decode(codec.encode("s", new MovedV1("Markt 1")));
    assertThat(decoded.as(Moved.class)).contains(new Moved("Markt 1", "Bonn"));
  }

  @Test
  void metadataOfOtherWritersMeansTheFirstGeneration() {
    for (String metadata :
        new String[] {"", "plain", "[1]", "{\"a\":{\"eventGeneration\":9}}", "{"}) {
      assertThat(decode(foreign("Moved", "{\"to\":\"x\"}").metadata(metadata)).as(Moved.class))
          .as(metadata)
          .contains(new Moved("x", "Bonn"));
    }
  }

  @Test
  void aGenerationThatIsNoneIsAnError() {
    for (String generation : new String[] {"0", "-1", "\"2\"", "1.5", "null", "99999999999"}) {
      assertThatThrownBy(
              () ->
                  decode(
                      foreign("Moved", "{\"to\":\"x\"}")
                          .metadata("{\"eventGeneration\":" + generation + "}")))
          .as(generation)
          .isInstanceOf(EventSerializationException.class)
          .hasMessageContaining("position 7");
    }
  }

  @Test
  void anUnknownEventTypeIsDeliveredRaw() {
    NewEvent event = foreign("Other", "not even JSON").build();
    DecodedEvent decoded = codec.decode(Events.recorded(event));
    assertThat(reason(decoded)).isEqualTo(DecodedEvent.Reason.TYPE_NOT_REGISTERED);
    assertThat(decoded.event().data().toUtf8()).isEqualTo("not even JSON");
  }

  @Test
  void aGenerationNewerThanThisProgramIsDeliveredRaw() {
    assertThat(
            reason(decode(foreign("Moved", "{\"lat\":50.7}").metadata("{\"eventGeneration\":3}"))))
        .isEqualTo(DecodedEvent.Reason.GENERATION_NOT_REGISTERED);
  }

  @Test
  void anotherContentTypeIsDeliveredRaw() {
    assertThat(reason(decode(foreign("Named", "x").contentType("application/cbor"))))
        .isEqualTo(DecodedEvent.Reason.CONTENT_TYPE_NOT_READ);
    for (String same : new String[] {"", "application/json; charset=utf-8", "Application/JSON"}) {
      assertThat(decode(foreign("Named", "{\"name\":\"a\"}").contentType(same)).as(Named.class))
          .as(same)
          .contains(new Named("a"));
    }
  }

  @Test
  void aTombstoneWithoutAPayloadIsDeliveredRaw() {
    assertThat(reason(decode(NewEvent.builder("s", "Named").key("k").tombstone(true))))
        .isEqualTo(DecodedEvent.Reason.TOMBSTONE);
  }

  @Test
  void aPayloadThatCannotBeReadIsAnErrorThatNamesTheEvent() {
    for (String data : new String[] {"{\"name\":[]}", "{", "", "null"}) {
      assertThatThrownBy(() -> decode(foreign("Named", data)))
          .as(data)
          .isInstanceOf(EventSerializationException.class)
          .hasMessageContaining("Named at position 7")
          .hasMessageContaining("source 's'");
    }
  }

  @Test
  void aClassThatIsNoEventTypeIsRefused() {
    assertThatThrownBy(() -> codec.encode("s", new NoEvent()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(NoEvent.class.getName());
  }

  // ---- another serializer ----

  /** The name, and nothing else. */
  private static final class PlainText implements EventSerializer {
    @Override
    public String contentType() {
      return "text/plain";
    }

    @Override
    public Bytes serialize(Object event) {
      return Bytes.utf8(((Named) event).name());
    }

    @Override
    public <T> T deserialize(Bytes data, Class<T> type) {
      return type.cast(new Named(data.toUtf8()));
    }
  }

  @Test
  void theSerializerIsReplaceableAndTheOldOneStillReads() {
    EventCodec plain = EventCodec.of(TYPES, new PlainText(), JsonEventSerializer.standard());
    NewEvent written = plain.encode("s", new Named("Ada")).build();
    assertThat(written.contentType()).isEqualTo("text/plain");
    assertThat(written.data().toUtf8()).isEqualTo("Ada");
    assertThat(plain.decode(Events.recorded(written)).as(Named.class)).contains(new Named("Ada"));
    NewEvent earlier = codec.encode("s", new Named("Bob")).build();
    assertThat(plain.decode(Events.recorded(earlier)).as(Named.class)).contains(new Named("Bob"));
  }

  @Test
  void whatASerializerThrowsIsTheCause() {
    EventCodec plain = EventCodec.of(TYPES, new PlainText());
    assertThatThrownBy(() -> plain.encode("s", new Moved("a", "b")))
        .isInstanceOf(EventSerializationException.class)
        .hasMessageContaining(Moved.class.getName())
        .hasCauseInstanceOf(ClassCastException.class);
  }

  @Test
  void twoSerializersOfOneContentTypeAreRefused() {
    assertThatThrownBy(() -> EventCodec.of(TYPES, new PlainText(), new PlainText()))
        .hasMessageContaining("text/plain");
  }
}
