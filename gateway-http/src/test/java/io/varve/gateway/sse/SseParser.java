package io.varve.gateway.sse;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/** Takes a stream apart, by the letter of the format. */
final class SseParser {
  private final Consumer<Said> heard;
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();
  private String event = "";
  private String id = "";
  private final StringBuilder data = new StringBuilder();
  private boolean hasData;

  SseParser(Consumer<Said> heard) {
    this.heard = heard;
  }

  void take(byte[] bytes, int from, int length) {
    for (int i = from; i < from + length; i++) {
      if (bytes[i] == '\n') {
        line(line.toString(StandardCharsets.UTF_8));
        line.reset();
      } else if (bytes[i] == '\r') {
        throw new AssertionError("a carriage return in the stream");
      } else {
        line.write(bytes[i]);
      }
    }
  }

  private void line(String text) {
    if (text.isEmpty()) {
      if (hasData) {
        heard.accept(new Said(event.isEmpty() ? "message" : event, id, data.toString()));
      } else if (!event.isEmpty() || !id.isEmpty()) {
        throw new AssertionError("no data with event '" + event + "', id '" + id + "'");
      }
      event = "";
      id = "";
      data.setLength(0);
      hasData = false;
      return;
    }
    int colon = text.indexOf(':');
    String field = colon < 0 ? text : text.substring(0, colon);
    String value = colon < 0 ? "" : text.substring(colon + 1).replaceFirst("^ ", "");
    switch (field) {
      case "" -> heard.accept(new Said("comment", "", value));
      case "retry" -> heard.accept(new Said("retry", "", value));
      case "event" -> event = value;
      case "id" -> id = value;
      case "data" -> {
        if (hasData) {
          throw new AssertionError("data on two lines");
        }
        hasData = true;
        data.append(value);
      }
      default -> throw new AssertionError("an unknown field: " + text);
    }
  }
}
