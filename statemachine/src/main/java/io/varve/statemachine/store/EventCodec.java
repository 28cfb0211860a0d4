package io.varve.statemachine.store;

import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import io.varve.proto.v1.NewEvent;
import io.varve.statemachine.Outcome.ConflictingEvent;
import io.varve.statemachine.StoreException;
import io.varve.statemachine.StoredEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Event records: the canonical header, the salt, the payload. {@code docs/storage-format.md}
 * specifies the bytes; they are hashed, so no change to them is small.
 */
final class EventCodec {

  /** The first byte of every header. */
  static final int FORMAT = 1;

  /** Stands for "no origin" where a local-first event has its number. */
  static final int NO_ORIGIN = 0;

  private EventCodec() {}

  /**
   * How long the header of an event is.
   *
   * @param clientSequence its number in its origin, or {@link #NO_ORIGIN}
   * @param origin the origin's {@link OriginName#headerPart}; empty without an origin
   */
  static int headerLength(
      EncodedEvents events,
      int index,
      long position,
      long version,
      long recordedMicros,
      long clientSequence,
      byte[] origin) {
    return 1
        + ByteWriter.varintLength(position)
        + ByteWriter.varintLength(version)
        + ByteWriter.varintLength(recordedMicros)
        + events.headerLength(index)
        + ByteWriter.varintLength(clientSequence)
        + origin.length;
  }

  /** Writes the header of an event. See {@link #headerLength}. */
  static void writeHeader(
      EncodedEvents events,
      int index,
      long position,
      long version,
      long recordedMicros,
      long clientSequence,
      byte[] origin,
      ByteWriter out) {
    out.writeByte(FORMAT);
    out.writeVarint(position);
    out.writeVarint(version);
    out.writeVarint(recordedMicros);
    events.writeHeader(index, out);
    out.writeVarint(clientSequence);
    out.write(origin);
  }

  /** Whether a record holds just what the caller of an encoded event handed in. */
  static boolean holds(byte[] record, EncodedEvents events, int index) {
    ByteReader in = new ByteReader(record);
    readFormat(in);
    in.readVarint();
    in.readVarint();
    in.readVarint();
    int headerLength = events.headerLength(index);
    if (in.remaining() < headerLength || !events.isHeader(index, record, in.offset())) {
      return false;
    }
    in.skip(headerLength);
    if (in.readVarint() != NO_ORIGIN) {
      in.skipString();
      in.skipString();
    }
    in.skip(Salts.BYTES);
    return events.isPayload(index, record, in.offset(), in.remaining());
  }

  /** The event a record holds. Its byte strings share the record, which must not change. */
  static StoredEvent decode(byte[] record) {
    ByteReader in = new ByteReader(record);
    readFormat(in);
    long position = in.readVarint();
    long version = in.readVarint();
    long recordedMicros = in.readVarint();
    int flags = in.readByte();
    Optional<Timestamp> occurred =
        EncodedEvents.hasOccurred(flags) ? Optional.of(readTimestamp(in)) : Optional.empty();
    String source = in.readString();
    String type = in.readString();
    String sourceType = in.readString();
    String streamType = in.readString();
    String streamId = in.readString();
    List<String> tags = readStrings(in);
    String key = in.readString();
    String contentType = in.readString();
    String id = in.readString();
    ByteString metadata = in.readBytes();
    long clientSequence = in.readVarint();
    String clientId = clientSequence == NO_ORIGIN ? "" : in.readString();
    String bufferId = clientSequence == NO_ORIGIN ? "" : in.readString();
    in.skip(Salts.BYTES);
    ByteString data = in.readBytes(in.remaining());
    return new StoredEvent(
        position,
        source,
        version,
        type,
        sourceType,
        streamType,
        streamId,
        tags,
        key,
        EncodedEvents.isTombstone(flags),
        data,
        contentType,
        metadata,
        occurred,
        recordedMicros,
        id,
        clientId,
        bufferId,
        clientSequence);
  }

  /** The event as its caller handed it in. */
  static NewEvent handedIn(StoredEvent event) {
    NewEvent.Builder handedIn =
        NewEvent.newBuilder()
            .setSource(event.source())
            .setType(event.type())
            .setSourceType(event.sourceType())
            .setStreamType(event.streamType())
            .setStreamId(event.streamId())
            .addAllTags(event.tags())
            .setKey(event.key())
            .setTombstone(event.tombstone())
            .setData(event.data())
            .setContentType(event.contentType())
            .setMetadata(event.metadata())
            .setId(event.id());
    event.occurred().ifPresent(handedIn::setOccurred);
    return handedIn.build();
  }

  /** What a conflict says about the event a record holds. */
  static ConflictingEvent describe(byte[] record) {
    ByteReader in = new ByteReader(record);
    readFormat(in);
    long position = in.readVarint();
    in.readVarint();
    in.readVarint();
    if (EncodedEvents.hasOccurred(in.readByte())) {
      readTimestamp(in);
    }
    return new ConflictingEvent(position, in.readString(), in.readString());
  }

  /** When the event a record holds was recorded, microseconds since the epoch. */
  static long recordedMicros(byte[] record) {
    ByteReader in = new ByteReader(record);
    readFormat(in);
    in.readVarint();
    in.readVarint();
    return in.readVarint();
  }

  /** How many of a record's bytes are its header. */
  static int headerLength(byte[] record) {
    ByteReader in = new ByteReader(record);
    readFormat(in);
    in.readVarint();
    in.readVarint();
    in.readVarint();
    if (EncodedEvents.hasOccurred(in.readByte())) {
      readTimestamp(in);
    }
    for (int i = 0; i < 5; i++) {
      in.skipString();
    }
    for (long tags = in.readVarint(); tags > 0; tags--) {
      in.skipString();
    }
    for (int i = 0; i < 4; i++) {
      in.skipString();
    }
    if (in.readVarint() != NO_ORIGIN) {
      in.skipString();
      in.skipString();
    }
    return in.offset();
  }

  private static void readFormat(ByteReader in) {
    int format = in.readByte();
    if (format != FORMAT) {
      throw new StoreException("an event record has format " + format + ", not " + FORMAT);
    }
  }

  private static Timestamp readTimestamp(ByteReader in) {
    return Timestamp.newBuilder()
        .setSeconds(in.readSignedVarint())
        .setNanos((int) in.readSignedVarint())
        .build();
  }

  private static List<String> readStrings(ByteReader in) {
    int count = (int) in.readVarint();
    if (count == 0) {
      return List.of();
    }
    if (count == 1) {
      return List.of(in.readString());
    }
    List<String> strings = new ArrayList<>(Math.min(count, 64));
    for (int i = 0; i < count; i++) {
      strings.add(in.readString());
    }
    return strings;
  }
}
