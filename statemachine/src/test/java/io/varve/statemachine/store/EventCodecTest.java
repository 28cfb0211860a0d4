package io.varve.statemachine.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import io.varve.proto.v1.NewEvent;
import io.varve.statemachine.Outcome.ConflictingEvent;
import io.varve.statemachine.StoreException;
import io.varve.statemachine.StoredEvent;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class EventCodecTest {

  private static final ByteString SEED = ByteString.copyFromUtf8("0123456789abcdef");

  private static final NewEvent FULL =
      NewEvent.newBuilder()
          .setSource("s")
          .setType("T")
          .setSourceType("st")
          .setStreamType("mt")
          .setStreamId("mi")
          .addTags("x:1")
          .addTags("é")
          .setKey("k")
          .setTombstone(true)
          .setData(ByteString.copyFromUtf8("{}"))
          .setContentType("ct")
          .setMetadata(ByteString.copyFromUtf8("m"))
          .setOccurred(Timestamp.newBuilder().setSeconds(-1).setNanos(5))
          .setId("id")
          .build();

  private static final NewEvent BARE = NewEvent.newBuilder().setSource("a").setType("b").build();

  /** As docs/storage-format.md has it, by hand. */
  private static final String FULL_HEADER =
      "01" // format
          + "ac02" // position 300
          + "02" // version
          + "c0843d" // recorded 1,000,000
          + "03" // flags: tombstone, occurred
          + "01" // -1 s
          + "0a" // 5 ns
          + "0173" // source
          + "0154" // type
          + "027374" // source type
          + "026d74" // stream type
          + "026d69" // stream id
          + "02" // tags
          + "03783a31"
          + "02c3a9"
          + "016b" // key
          + "026374" // content type
          + "026964" // id
          + "016d" // metadata
          + "00"; // no origin

  @Test
  void writesTheSpecifiedBytes() throws Exception {
    byte[] record = record(FULL, 300, 2, 1_000_000);

    MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
    sha256.update(SEED.toByteArray());
    byte[] salt = Arrays.copyOf(sha256.digest(new byte[] {0, 0, 0, 0, 0, 0, 1, 44}), 16);
    String expected = FULL_HEADER + HexFormat.of().formatHex(salt) + "7b7d";
    assertThat(HexFormat.of().formatHex(record)).isEqualTo(expected);
    assertThat(EventCodec.headerLength(record)).isEqualTo(FULL_HEADER.length() / 2);
  }

  @Test
  void readsBackEveryField() {
    assertThat(EventCodec.decode(record(FULL, 300, 2, 1_000_000)))
        .isEqualTo(
            new StoredEvent(
                300,
                "s",
                2,
                "T",
                "st",
                "mt",
                "mi",
                List.of("x:1", "é"),
                "k",
                true,
                FULL.getData(),
                "ct",
                FULL.getMetadata(),
                Optional.of(FULL.getOccurred()),
                1_000_000,
                "id",
                "",
                "",
                0));
  }

  @Test
  void readsBackWhatIsNotSet() {
    byte[] record = record(BARE, Long.MAX_VALUE, Long.MAX_VALUE, Long.MAX_VALUE);

    assertThat(EventCodec.decode(record))
        .isEqualTo(
            new StoredEvent(
                Long.MAX_VALUE,
                "a",
                Long.MAX_VALUE,
                "b",
                "",
                "",
                "",
                List.of(),
                "",
                false,
                ByteString.EMPTY,
                "",
                ByteString.EMPTY,
                Optional.empty(),
                Long.MAX_VALUE,
                "",
                "",
                "",
                0));
    assertThat(EventCodec.headerLength(record)).isEqualTo(record.length - 16);
  }

  @Test
  void writesAndReadsTheOriginOfLocalFirstEvents() {
    byte[] origin = new OriginName("client", "é").headerPart();
    byte[] record = record(FULL, 300, 2, 1_000_000, 200, origin);

    StoredEvent event = EventCodec.decode(record);

    assertThat(HexFormat.of().formatHex(record))
        .startsWith(
            FULL_HEADER.substring(0, FULL_HEADER.length() - 2) // but for "no origin"
                + "c801" // number 200
                + "06636c69656e74"
                + "02c3a9");
    assertThat(event.clientId()).isEqualTo("client");
    assertThat(event.bufferId()).isEqualTo("é");
    assertThat(event.clientSequence()).isEqualTo(200);
    assertThat(event.data()).isEqualTo(FULL.getData());
    assertThat(EventCodec.headerLength(record))
        .isEqualTo(FULL_HEADER.length() / 2 - 1 + 2 + origin.length);
  }

  @Test
  void tellsWhetherARecordHoldsAnEvent() {
    EncodedEvents encoded = new EncodedEvents();
    encoded.encode(List.of(BARE, FULL, FULL.toBuilder().clearData().build()));
    byte[] full = record(FULL, 300, 2, 1_000_000, 200, new OriginName("c", "b").headerPart());

    assertThat(EventCodec.holds(full, encoded, 0)).isFalse();
    assertThat(EventCodec.holds(full, encoded, 1)).isTrue();
    assertThat(EventCodec.holds(full, encoded, 2)).isFalse();
    assertThat(EventCodec.holds(record(BARE, 1, 1, 1), encoded, 0)).isTrue();
    assertThat(EventCodec.holds(record(BARE, 1, 1, 1), encoded, 1)).isFalse();
  }

  @Test
  void describesAnEventForAConflict() {
    assertThat(EventCodec.describe(record(FULL, 300, 2, 1)))
        .isEqualTo(new ConflictingEvent(300, "s", "T"));
    assertThat(EventCodec.describe(record(BARE, 1, 1, 1)))
        .isEqualTo(new ConflictingEvent(1, "a", "b"));
  }

  @Test
  void anUnknownFormatOrACutRecordIsAnError() {
    byte[] record = record(FULL, 1, 1, 1);
    byte[] newer = record.clone();
    newer[0] = 2;

    assertThatThrownBy(() -> EventCodec.decode(newer))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("format 2");
    for (int length = 0; length < record.length - FULL.getData().size(); length++) {
      byte[] cut = Arrays.copyOf(record, length);
      assertThatThrownBy(() -> EventCodec.decode(cut)).isInstanceOf(StoreException.class);
    }
  }

  @Test
  void theDigestIsOverTheCallersPartAndThePayload() throws Exception {
    EncodedEvents encoded = new EncodedEvents();
    encoded.encode(List.of(BARE, FULL));

    // By hand: no flags, "a", "b", three labels, no tags, key, content type, id, metadata, payload.
    String bare = "00" + "0161" + "0162" + "000000" + "00" + "000000" + "00" + "00";
    int start = 2 + 4 + 2 + 6; // Format, position, version, recorded in hexadecimal digits.
    String full = FULL_HEADER.substring(start, FULL_HEADER.length() - 2) + "02" + "7b7d";
    byte[] hash = MessageDigest.getInstance("SHA-256").digest(HexFormat.of().parseHex(bare + full));
    assertThat(encoded.digestHigh()).isEqualTo(ByteReader.longAt(hash, 0));
    assertThat(encoded.digestLow()).isEqualTo(ByteReader.longAt(hash, 8));
  }

  @Test
  void encodesManyLargeEvents() {
    NewEvent large = FULL.toBuilder().setData(ByteString.copyFrom(new byte[100_000])).build();
    EncodedEvents encoded = new EncodedEvents();
    encoded.encode(Collections.nCopies(40, large));
    assertThat(encoded.payloadLength(39)).isEqualTo(100_000);

    encoded.encode(List.of(BARE));

    assertThat(encoded.payloadLength(0)).isZero();
  }

  private static byte[] record(NewEvent event, long position, long version, long recorded) {
    return record(event, position, version, recorded, 0, new byte[0]);
  }

  private static byte[] record(
      NewEvent event,
      long position,
      long version,
      long recorded,
      long clientSequence,
      byte[] origin) {
    EncodedEvents encoded = new EncodedEvents();
    encoded.encode(List.of(event));
    ByteWriter out = new ByteWriter(64);
    EventCodec.writeHeader(encoded, 0, position, version, recorded, clientSequence, origin, out);
    assertThat(
            EventCodec.headerLength(
                encoded, 0, position, version, recorded, clientSequence, origin))
        .isEqualTo(out.size());
    Salts salts = new Salts();
    salts.seed(SEED);
    salts.write(position, out);
    encoded.writePayload(0, out);
    return out.toByteArray();
  }
}
