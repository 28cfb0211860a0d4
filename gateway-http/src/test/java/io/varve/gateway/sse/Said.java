package io.varve.gateway.sse;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * One thing a stream said.
 *
 * @param event its name; {@code message} without one, {@code retry} or {@code comment} for those
 * @param id the id line; empty = none
 * @param data the data, the milliseconds or the comment
 */
public record Said(String event, String id, String data) {
  private static final ObjectMapper JSON = new ObjectMapper();

  public boolean isEvent() {
    return event.equals("message");
  }

  public long position() {
    return Long.parseLong(id);
  }

  public JsonNode json() {
    try {
      return JSON.readTree(data);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
