package io.varve.statemachine.store;

import com.google.protobuf.ByteString;
import java.util.Arrays;

/**
 * Derives each event's salt from the seed that the leader put into the entry: the first 16 bytes of
 * SHA-256(seed ‖ position as eight bytes, most significant first). Not thread-safe.
 */
final class Salts {

  /** How long a salt is. */
  static final int BYTES = 16;

  private final Sha256 sha256 = new Sha256();
  private final byte[] hash = new byte[ChainHash.BYTES];
  private byte[] input = new byte[Salts.BYTES + Long.BYTES];

  /** Derives salts from this seed from now on. */
  void seed(ByteString seed) {
    input = Arrays.copyOf(seed.toByteArray(), seed.size() + Long.BYTES);
  }

  /** Writes the salt of the event at a position. */
  void write(long position, ByteWriter out) {
    Keys.setLong(input, input.length - Long.BYTES, position);
    sha256.update(input, 0, input.length);
    sha256.digest(hash);
    out.write(hash, 0, BYTES);
  }
}
