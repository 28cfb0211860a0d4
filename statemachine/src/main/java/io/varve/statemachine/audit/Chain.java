package io.varve.statemachine.audit;

import com.google.protobuf.ByteString;
import io.varve.statemachine.store.StoreContents.EventRow;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * The chain hash, computed as specified: h(0) = 32 zero bytes, h(n) = SHA-256(h(n−1) ‖ header(n) ‖
 * SHA-256(salt(n) ‖ payload(n))).
 */
final class Chain {

  private final MessageDigest sha256;
  private byte[] hash = new byte[32];

  Chain() {
    try {
      sha256 = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  void append(EventRow row) {
    sha256.update(row.salt().asReadOnlyByteBuffer());
    sha256.update(row.payload().asReadOnlyByteBuffer());
    byte[] content = sha256.digest();
    sha256.update(hash);
    sha256.update(row.header().asReadOnlyByteBuffer());
    hash = sha256.digest(content);
  }

  ByteString hash() {
    return ByteString.copyFrom(hash);
  }
}
