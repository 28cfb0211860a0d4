package io.varve.statemachine.store;

import java.security.DigestException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** SHA-256 into arrays that are there already. Not thread-safe. */
final class Sha256 {

  private final MessageDigest digest;

  Sha256() {
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  void update(byte[] bytes, int offset, int length) {
    digest.update(bytes, offset, length);
  }

  /** Writes the hash of what was given since the last one to the first 32 bytes of an array. */
  void digest(byte[] target) {
    try {
      digest.digest(target, 0, ChainHash.BYTES);
    } catch (DigestException e) {
      throw new IllegalStateException("the target is too short", e);
    }
  }
}
