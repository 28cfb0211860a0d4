package io.varve.statemachine.store;

import com.google.protobuf.Timestamp;
import io.varve.proto.v1.NewEvent;
import java.util.Arrays;
import java.util.List;

/**
 * The canonical bytes of an append's events as the caller handed them in: per event the caller's
 * part of the header, then the length of the payload and the payload. They are encoded once, for
 * the digest and for the records. Reused from append to append; not thread-safe.
 */
public final class EncodedEvents {

  /** A buffer that a large append made grow beyond this is not kept. */
  private static final int KEPT_BYTES = 1 << 20;

  private static final int FLAG_TOMBSTONE = 1;
  private static final int FLAG_OCCURRED = 2;

  private final Sha256 sha256 = new Sha256();
  private final byte[] digest = new byte[ChainHash.BYTES];
  private boolean digested;

  private ByteWriter out = new ByteWriter(4 << 10);
  private int[] headerStarts = new int[16];
  private int[] headerEnds = new int[16];
  private int[] payloadStarts = new int[16];
  private int[] payloadEnds = new int[16];

  /** Encodes these events in place of those before. */
  public void encode(List<NewEvent> events) {
    if (out.array().length > KEPT_BYTES) {
      out = new ByteWriter(4 << 10);
    }
    out.clear();
    ensure(events.size());
    for (int i = 0; i < events.size(); i++) {
      NewEvent event = events.get(i);
      headerStarts[i] = out.size();
      writeHeaderPart(event);
      headerEnds[i] = out.size();
      out.writeVarint(event.getData().size());
      payloadStarts[i] = out.size();
      out.write(event.getData());
      payloadEnds[i] = out.size();
    }
    digested = false;
  }

  /** The first eight bytes of the SHA-256 of all of it. */
  public long digestHigh() {
    digest();
    return ByteReader.longAt(digest, 0);
  }

  /** The next eight bytes of the SHA-256 of all of it. */
  public long digestLow() {
    digest();
    return ByteReader.longAt(digest, Long.BYTES);
  }

  /** Only appends with an id are asked for it. */
  private void digest() {
    if (!digested) {
      sha256.update(out.array(), 0, out.size());
      sha256.digest(digest);
      digested = true;
    }
  }

  int headerLength(int index) {
    return headerEnds[index] - headerStarts[index];
  }

  int payloadLength(int index) {
    return payloadEnds[index] - payloadStarts[index];
  }

  /** Whether bytes of an array are an event's part of the header; as many must be there. */
  boolean isHeader(int index, byte[] bytes, int offset) {
    return Arrays.equals(
        out.array(),
        headerStarts[index],
        headerEnds[index],
        bytes,
        offset,
        offset + headerLength(index));
  }

  /** Whether bytes of an array are an event's payload. */
  boolean isPayload(int index, byte[] bytes, int offset, int length) {
    return Arrays.equals(
        out.array(), payloadStarts[index], payloadEnds[index], bytes, offset, offset + length);
  }

  void writeHeader(int index, ByteWriter target) {
    target.write(out.array(), headerStarts[index], headerLength(index));
  }

  void writePayload(int index, ByteWriter target) {
    target.write(out.array(), payloadStarts[index], payloadLength(index));
  }

  private void writeHeaderPart(NewEvent event) {
    boolean occurred = event.hasOccurred();
    out.writeByte((event.getTombstone() ? FLAG_TOMBSTONE : 0) | (occurred ? FLAG_OCCURRED : 0));
    if (occurred) {
      Timestamp time = event.getOccurred();
      out.writeSignedVarint(time.getSeconds());
      out.writeSignedVarint(time.getNanos());
    }
    out.writeString(event.getSource());
    out.writeString(event.getType());
    out.writeString(event.getSourceType());
    out.writeString(event.getStreamType());
    out.writeString(event.getStreamId());
    out.writeVarint(event.getTagsCount());
    for (int i = 0; i < event.getTagsCount(); i++) {
      out.writeString(event.getTags(i));
    }
    out.writeString(event.getKey());
    out.writeString(event.getContentType());
    out.writeString(event.getId());
    out.writeBytes(event.getMetadata());
  }

  static boolean isTombstone(int flags) {
    return (flags & FLAG_TOMBSTONE) != 0;
  }

  static boolean hasOccurred(int flags) {
    return (flags & FLAG_OCCURRED) != 0;
  }

  private void ensure(int events) {
    if (events > headerStarts.length) {
      int capacity = Math.max(events, headerStarts.length * 2);
      headerStarts = Arrays.copyOf(headerStarts, capacity);
      headerEnds = Arrays.copyOf(headerEnds, capacity);
      payloadStarts = Arrays.copyOf(payloadStarts, capacity);
      payloadEnds = Arrays.copyOf(payloadEnds, capacity);
    }
  }
}
