package io.varve.client.internal;

import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.UUID;

/**
 * Draws random UUIDs (version 4). Asking a secure random source for many bytes at once is several
 * times cheaper than asking for each. Not thread-safe.
 */
final class UuidSource {

  private static final int BATCH = 256;

  private final SecureRandom random = new SecureRandom();
  private final byte[] bytes = new byte[BATCH * Uuids.LENGTH];
  private final ByteBuffer buffer = ByteBuffer.wrap(bytes).limit(0);

  UUID next() {
    if (!buffer.hasRemaining()) {
      random.nextBytes(bytes);
      buffer.clear();
    }
    long high = (buffer.getLong() & 0xffffffffffff0fffL) | 0x0000000000004000L;
    long low = (buffer.getLong() & 0x3fffffffffffffffL) | 0x8000000000000000L;
    return new UUID(high, low);
  }
}
