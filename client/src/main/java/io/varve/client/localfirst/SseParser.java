package io.varve.client.localfirst;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * Reads an event stream as the HTML standard (section 9.2.6, "Interpreting an event stream") says:
 * fed with bytes, split anywhere; lines end with LF, CR or CR LF; comments, unknown fields and a
 * leading byte order mark are read over. Bounded: a message may have {@link #MAX_MESSAGE_BYTES}.
 * Not thread-safe.
 */
final class SseParser {

  /** A log's event has at most 1 MiB of payload, a third more as base64, and labels. */
  static final int MAX_MESSAGE_BYTES = 8 << 20;

  private static final byte[] BOM = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};

  private final ByteArrayOutputStream line = new ByteArrayOutputStream();
  private final StringBuilder data = new StringBuilder();
  private final List<SseMessage> messages = new ArrayList<>();
  private String event = "";
  private String id = "";
  private OptionalLong retryMillis = OptionalLong.empty();
  private boolean afterCarriageReturn;
  private boolean firstLine = true;
  private long messageBytes;

  /**
   * The messages that these bytes complete.
   *
   * @throws IllegalStateException if a message is longer than {@link #MAX_MESSAGE_BYTES}
   */
  List<SseMessage> feed(ByteBuffer bytes) {
    while (bytes.hasRemaining()) {
      byte next = bytes.get();
      boolean endsPair = afterCarriageReturn && next == '\n';
      afterCarriageReturn = next == '\r';
      if (endsPair) {
        continue;
      }
      if (next == '\n' || next == '\r') {
        endLine();
        continue;
      }
      if (++messageBytes > MAX_MESSAGE_BYTES) {
        throw new IllegalStateException(
            "a message of the stream has more than " + MAX_MESSAGE_BYTES + " bytes");
      }
      line.write(next);
    }
    List<SseMessage> complete = List.copyOf(messages);
    messages.clear();
    return complete;
  }

  /** How long to wait before connecting again, if the stream has said so. */
  OptionalLong retryMillis() {
    return retryMillis;
  }

  private void endLine() {
    byte[] bytes = line.toByteArray();
    line.reset();
    int from = 0;
    if (firstLine) {
      firstLine = false;
      from = startsWithBom(bytes) ? BOM.length : 0;
    }
    String text = new String(bytes, from, bytes.length - from, StandardCharsets.UTF_8);
    if (text.isEmpty()) {
      dispatch();
      return;
    }
    int colon = text.indexOf(':');
    if (colon == 0) {
      // A comment; it belongs to no message, so that heartbeats never add up to a long one.
      messageBytes = data.length() == 0 && event.isEmpty() ? 0 : messageBytes;
      return;
    }
    String name = colon < 0 ? text : text.substring(0, colon);
    String value = colon < 0 ? "" : text.substring(colon + 1);
    field(name, value.startsWith(" ") ? value.substring(1) : value);
  }

  private void field(String name, String value) {
    switch (name) {
      case "event" -> event = value;
      case "data" -> data.append(value).append('\n');
      case "id" -> {
        if (value.indexOf('\0') < 0) {
          id = value;
        }
      }
      case "retry" -> {
        // More digits would not be milliseconds anybody waits.
        if (value.matches("[0-9]{1,9}")) {
          retryMillis = OptionalLong.of(Long.parseLong(value));
        }
      }
      default -> {}
    }
  }

  private void dispatch() {
    if (data.length() > 0) {
      data.setLength(data.length() - 1);
      messages.add(new SseMessage(event.isEmpty() ? "message" : event, data.toString(), id));
    }
    data.setLength(0);
    event = "";
    messageBytes = 0;
  }

  private static boolean startsWithBom(byte[] bytes) {
    return bytes.length >= BOM.length
        && bytes[0] == BOM[0]
        && bytes[1] == BOM[1]
        && bytes[2] == BOM[2];
  }
}
