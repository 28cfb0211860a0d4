package io.varve.client.internal;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.UUID;

/** UUIDs as the wire has them: 16 bytes, most significant byte first. */
final class Uuids {

  static final int LENGTH = 16;

  private Uuids() {}

  static ByteString toBytes(UUID uuid) {
    ByteBuffer buffer = ByteBuffer.allocate(LENGTH);
    buffer.putLong(uuid.getMostSignificantBits()).putLong(uuid.getLeastSignificantBits()).flip();
    return UnsafeByteOperations.unsafeWrap(buffer);
  }

  /** The UUID, or empty if there are no bytes (or not 16 of them). */
  static Optional<UUID> fromBytes(ByteString bytes) {
    if (bytes.size() != LENGTH) {
      return Optional.empty();
    }
    ByteBuffer buffer = bytes.asReadOnlyByteBuffer();
    return Optional.of(new UUID(buffer.getLong(), buffer.getLong()));
  }

  static String format(ByteString bytes) {
    return fromBytes(bytes).map(UUID::toString).orElse("(none)");
  }
}
