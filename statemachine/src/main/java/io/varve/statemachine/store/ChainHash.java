package io.varve.statemachine.store;

import com.google.protobuf.ByteString;

/**
 * The chain hash: h(0) = 32 zero bytes, h(n) = SHA-256(h(n−1) ‖ header(n) ‖ SHA-256(salt(n) ‖
 * payload(n))). It proves that history was not altered, and survives the erasure of a payload with
 * its salt. Not thread-safe.
 */
final class ChainHash {

  /** How long a hash is. */
  static final int BYTES = 32;

  private final Sha256 sha256 = new Sha256();
  private final byte[] content = new byte[BYTES];
  private final byte[] current = new byte[BYTES];

  /** Continues from a hash. */
  ChainHash(ByteString hash) {
    hash.copyTo(current, 0);
  }

  /** A chain before its first event. */
  ChainHash() {}

  /** The hash at the last event. */
  ByteString current() {
    return ByteString.copyFrom(current);
  }

  /** The hash at the last event; not to be changed. */
  byte[] array() {
    return current;
  }

  /**
   * Goes on by an event whose record stands in an array: the header, then salt and payload.
   *
   * @param headerLength how long the header is; the salt and the payload are the rest
   */
  void append(byte[] bytes, int offset, int headerLength, int recordLength) {
    sha256.update(bytes, offset + headerLength, recordLength - headerLength);
    sha256.digest(content);
    sha256.update(current, 0, BYTES);
    sha256.update(bytes, offset, headerLength);
    sha256.update(content, 0, BYTES);
    sha256.digest(current);
  }
}
