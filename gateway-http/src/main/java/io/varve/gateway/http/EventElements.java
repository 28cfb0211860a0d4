package io.varve.gateway.http;

import io.varve.client.NewEvent;
import io.varve.client.json.EventJson;
import io.varve.client.json.JsonSyntaxException;
import java.util.Set;

/** Events as elements of a body. */
final class EventElements {

  /** What an event may say (DESIGN 8), with what only the log can say, which is read over. */
  static final Set<String> FIELDS =
      Set.of(
          "source",
          "type",
          "sourceType",
          "streamType",
          "streamId",
          "tags",
          "key",
          "tombstone",
          "data",
          "dataBase64",
          "contentType",
          "metadata",
          "metadataBase64",
          "occurred",
          "id",
          "position",
          "version",
          "recorded",
          "clientId",
          "bufferId",
          "clientSeq");

  private EventElements() {}

  /**
   * An event.
   *
   * @param json its text
   * @param path where it stands in the body
   */
  static NewEvent read(String json, String path) {
    try {
      return EventJson.read(json);
    } catch (JsonSyntaxException e) {
      throw JsonReader.invalid(path, String.valueOf(e.getMessage()));
    }
  }
}
