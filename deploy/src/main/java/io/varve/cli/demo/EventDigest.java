package io.varve.cli.demo;

import io.varve.client.Bytes;
import io.varve.client.Event;
import io.varve.client.NewEvent;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;

/**
 * SHA-256 over all that a caller handed in with an event: the same before it was appended and after
 * it was read. Not thread-safe.
 */
final class EventDigest {

  /** How long a digest is. */
  static final int BYTES = 32;

  private final MessageDigest sha256 = sha256();
  private final ByteBuffer number = ByteBuffer.allocate(Long.BYTES);

  /** The digest of an event that is to be appended. */
  byte[] of(NewEvent event) {
    text(event.source());
    text(event.type());
    text(event.sourceType());
    text(event.streamType());
    text(event.streamId());
    number(event.tags().size());
    event.tags().forEach(this::text);
    text(event.key());
    number(event.tombstone() ? 1 : 0);
    bytes(event.data());
    text(event.contentType());
    bytes(event.metadata());
    number(event.occurred().isPresent() ? 1 : 0);
    Instant occurred = event.occurred().orElse(Instant.EPOCH);
    number(occurred.getEpochSecond());
    number(occurred.getNano());
    text(event.id());
    return sha256.digest();
  }

  /** The digest of an event that was read. */
  byte[] of(Event event) {
    return of(
        new NewEvent(
            event.source(),
            event.type(),
            event.sourceType(),
            event.streamType(),
            event.streamId(),
            event.tags(),
            event.key(),
            event.tombstone(),
            event.data(),
            event.contentType(),
            event.metadata(),
            event.occurred(),
            event.id()));
  }

  /** A fresh SHA-256. */
  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      // Every Java platform must have it.
      throw new AssertionError(e);
    }
  }

  private void text(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    number(bytes.length);
    sha256.update(bytes);
  }

  private void bytes(Bytes bytes) {
    number(bytes.size());
    sha256.update(bytes.asByteBuffer());
  }

  /** Lengths stand before what they measure, so that no two events run together. */
  private void number(long value) {
    number.clear();
    sha256.update(number.putLong(value).flip());
  }
}
