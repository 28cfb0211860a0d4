package io.varve.statemachine.store;

import java.nio.charset.StandardCharsets;

/**
 * Who writes local-first events: a client's buffer.
 *
 * @param client the client id, 1 to 512 bytes
 * @param buffer the buffer id, 1 to 512 bytes
 */
record OriginName(String client, String buffer) {

  /** Client and buffer as they stand in {@code origins}: the client behind its length. */
  byte[] key() {
    ByteWriter key = new ByteWriter(128);
    key.writeString(client);
    byte[] utf8 = buffer.getBytes(StandardCharsets.UTF_8);
    key.write(utf8);
    return key.toByteArray();
  }

  /** Client and buffer as they stand in event headers: each behind its length. */
  byte[] headerPart() {
    ByteWriter part = new ByteWriter(128);
    part.writeString(client);
    part.writeString(buffer);
    return part.toByteArray();
  }

  static OriginName of(byte[] key) {
    ByteReader in = new ByteReader(key);
    String client = in.readString();
    return new OriginName(client, in.readBytes(in.remaining()).toStringUtf8());
  }
}
