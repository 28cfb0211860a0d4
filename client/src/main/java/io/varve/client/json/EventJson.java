package io.varve.client.json;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import io.varve.client.Bytes;
import io.varve.client.Event;
import io.varve.client.NewEvent;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * Events in JSON.
 *
 * <p>Labels that are not set are left out. A payload that is JSON (by its content type, or by its
 * text when it has none) is {@code data}, without blanks but otherwise as it was; any other is
 * {@code dataBase64}. Metadata likewise.
 */
public final class EventJson {

  /** What only the log can say about an event: read over when an event comes in. */
  private static final Set<String> THE_LOGS_OWN =
      Set.of("position", "version", "recorded", "clientId", "bufferId", "clientSeq");

  private EventJson() {}

  /** One recorded event on one line; blanks within JSON payloads are lost. */
  public static String write(Event event) {
    return write(event, false);
  }

  /**
   * One recorded event on one line, from which {@link #read} makes the same payload and metadata,
   * byte for byte: JSON that would be read otherwise than it stands (blanks, escapes) is base64.
   */
  public static String writeExactly(Event event) {
    return write(event, true);
  }

  private static String write(Event event, boolean exactly) {
    return Json.object(
        out -> {
          out.writeNumberField("position", event.position());
          out.writeStringField("source", event.source());
          out.writeNumberField("version", event.version());
          out.writeStringField("type", event.type());
          Json.label(out, "sourceType", event.sourceType());
          Json.label(out, "streamType", event.streamType());
          Json.label(out, "streamId", event.streamId());
          Json.labels(out, "tags", event.tags());
          Json.label(out, "key", event.key());
          if (event.tombstone()) {
            out.writeBooleanField("tombstone", true);
          }
          bytes(out, "data", event.data(), event.contentType(), exactly);
          Json.label(out, "contentType", event.contentType());
          bytes(out, "metadata", event.metadata(), "", exactly);
          if (event.occurred().isPresent()) {
            out.writeStringField("occurred", event.occurred().get().toString());
          }
          out.writeStringField("recorded", Json.time(event.recorded()));
          Json.label(out, "id", event.id());
          Json.label(out, "clientId", event.clientId());
          Json.label(out, "bufferId", event.bufferId());
          if (event.clientSequence() != 0) {
            out.writeNumberField("clientSeq", event.clientSequence());
          }
        });
  }

  /**
   * One event to append on one line, from which {@link #read} makes the same event, byte for byte.
   */
  public static String writeExactly(NewEvent event) {
    return Json.object(
        out -> {
          out.writeStringField("source", event.source());
          out.writeStringField("type", event.type());
          Json.label(out, "sourceType", event.sourceType());
          Json.label(out, "streamType", event.streamType());
          Json.label(out, "streamId", event.streamId());
          Json.labels(out, "tags", event.tags());
          Json.label(out, "key", event.key());
          if (event.tombstone()) {
            out.writeBooleanField("tombstone", true);
          }
          bytes(out, "data", event.data(), event.contentType(), true);
          Json.label(out, "contentType", event.contentType());
          bytes(out, "metadata", event.metadata(), "", true);
          if (event.occurred().isPresent()) {
            out.writeStringField("occurred", event.occurred().get().toString());
          }
          Json.label(out, "id", event.id());
        });
  }

  /** The payload as JSON without blanks; empty when it is something else. */
  public static Optional<String> json(Bytes bytes, String contentType) {
    return isJson(contentType) ? Json.compact(bytes.asByteBuffer()) : Optional.empty();
  }

  /**
   * An event to append. What only the log can say (its position and the like) is read over, so that
   * what was read can be appended again.
   *
   * @throws JsonSyntaxException if the text is not one event; the message names the field
   */
  public static NewEvent read(String json) {
    return read(json, false).event();
  }

  /**
   * A recorded event, as {@link #write} and {@link #writeExactly(Event)} write it.
   *
   * @throws JsonSyntaxException if the text is not one recorded event; the message names the field
   */
  public static Event readRecorded(String json) {
    return read(json, true).recorded();
  }

  private static Reader read(String json, boolean recorded) {
    try (JsonParser in = Json.FACTORY.createParser(json)) {
      if (in.nextToken() != JsonToken.START_OBJECT) {
        throw new JsonSyntaxException("an event is a JSON object");
      }
      Reader reader = new Reader(in, recorded);
      reader.read();
      if (in.nextToken() != null) {
        throw new JsonSyntaxException("something follows the event");
      }
      return reader;
    } catch (JsonProcessingException e) {
      throw new JsonSyntaxException(e.getOriginalMessage());
    } catch (IOException e) {
      // A String does not fail.
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The position of an event that was written on one line.
   *
   * @throws JsonSyntaxException if the text is not one
   */
  public static long position(String json) {
    try (JsonParser in = Json.FACTORY.createParser(json)) {
      if (in.nextToken() == JsonToken.START_OBJECT) {
        while (in.nextToken() == JsonToken.FIELD_NAME) {
          boolean found = in.currentName().equals("position");
          if (in.nextToken() == JsonToken.VALUE_NUMBER_INT && found && in.getLongValue() >= 1) {
            return in.getLongValue();
          }
          in.skipChildren();
        }
      }
      throw new JsonSyntaxException("it has no position");
    } catch (JsonProcessingException e) {
      throw new JsonSyntaxException(e.getOriginalMessage());
    } catch (IOException e) {
      // A String does not fail.
      throw new UncheckedIOException(e);
    }
  }

  private static boolean isJson(String contentType) {
    String type = contentType.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
    return type.isEmpty() || type.equals("application/json") || type.endsWith("+json");
  }

  private static void bytes(
      JsonGenerator out, String name, Bytes bytes, String contentType, boolean exactly)
      throws IOException {
    if (bytes.isEmpty()) {
      return;
    }
    Optional<String> json =
        json(bytes, contentType).filter(text -> !exactly || Bytes.utf8(text).equals(bytes));
    if (json.isPresent()) {
      out.writeFieldName(name);
      out.writeRawValue(json.get());
    } else {
      out.writeStringField(
          name + "Base64", Base64.getEncoder().encodeToString(bytes.toByteArray()));
    }
  }

  /** Reads one event's fields. */
  private static final class Reader {
    private final JsonParser in;
    private final boolean ofTheLog;
    private final Set<String> seen = new HashSet<>();
    private final NewEvent.Builder event = NewEvent.builder("", "");
    private long position;
    private long version;
    private Instant recorded = Instant.EPOCH;
    private String clientId = "";
    private String bufferId = "";
    private long clientSequence;

    /** Reads what only the log can say when {@code ofTheLog}, and else reads over it. */
    Reader(JsonParser in, boolean ofTheLog) {
      this.in = in;
      this.ofTheLog = ofTheLog;
    }

    NewEvent event() {
      return event.build();
    }

    Event recorded() {
      NewEvent said = event();
      return new Event(
          position,
          said.source(),
          version,
          said.type(),
          said.sourceType(),
          said.streamType(),
          said.streamId(),
          said.tags(),
          said.key(),
          said.tombstone(),
          said.data(),
          said.contentType(),
          said.metadata(),
          said.occurred(),
          recorded,
          said.id(),
          clientId,
          bufferId,
          clientSequence);
    }

    void read() throws IOException {
      while (in.nextToken() != JsonToken.END_OBJECT) {
        String field = in.currentName();
        if (!seen.add(field)) {
          throw new JsonSyntaxException("field '" + field + "' stands twice");
        }
        in.nextToken();
        if (in.currentToken() == JsonToken.VALUE_NULL && !field.equals("data")) {
          throw new JsonSyntaxException("field '" + field + "' is null: leave it out instead");
        }
        field(field);
      }
      require("source");
      require("type");
      exclude("data");
      exclude("metadata");
      if (ofTheLog) {
        require("position");
        require("version");
        require("recorded");
      }
    }

    private void field(String field) throws IOException {
      switch (field) {
        case "source" -> event.source(text(field));
        case "type" -> event.type(text(field));
        case "sourceType" -> event.sourceType(text(field));
        case "streamType" -> event.streamType(text(field));
        case "streamId" -> event.streamId(text(field));
        case "tags" -> event.tags(texts(field));
        case "key" -> event.key(text(field));
        case "tombstone" -> event.tombstone(truth(field));
        case "data" -> event.data(Bytes.utf8(value()));
        case "dataBase64" -> event.data(base64(field));
        case "contentType" -> event.contentType(text(field));
        case "metadata" -> event.metadata(Bytes.utf8(value()));
        case "metadataBase64" -> event.metadata(base64(field));
        case "occurred" -> event.occurred(time(field));
        case "id" -> event.id(text(field));
        default -> {
          if (!THE_LOGS_OWN.contains(field)) {
            throw new JsonSyntaxException("an event has no field '" + field + "'");
          }
          if (ofTheLog) {
            logsOwn(field);
          } else {
            in.skipChildren();
          }
        }
      }
    }

    private void logsOwn(String field) throws IOException {
      switch (field) {
        case "position" -> position = number(field);
        case "version" -> version = number(field);
        case "recorded" -> recorded = time(field);
        case "clientId" -> clientId = text(field);
        case "bufferId" -> bufferId = text(field);
        default -> clientSequence = number(field);
      }
    }

    private long number(String field) throws IOException {
      if (in.currentToken() != JsonToken.VALUE_NUMBER_INT || in.getLongValue() < 1) {
        throw new JsonSyntaxException("field '" + field + "' must be a number from 1");
      }
      return in.getLongValue();
    }

    private void require(String field) {
      if (!seen.contains(field)) {
        throw new JsonSyntaxException("an event needs a '" + field + "'");
      }
    }

    private void exclude(String field) {
      if (seen.contains(field) && seen.contains(field + "Base64")) {
        throw new JsonSyntaxException(
            "'" + field + "' and '" + field + "Base64' exclude each other");
      }
    }

    private String value() throws IOException {
      return Json.text(out -> Json.copyValue(in, out));
    }

    private String text(String field) throws IOException {
      if (in.currentToken() != JsonToken.VALUE_STRING) {
        throw new JsonSyntaxException("field '" + field + "' must be a string");
      }
      return in.getText();
    }

    private List<String> texts(String field) throws IOException {
      if (in.currentToken() != JsonToken.START_ARRAY) {
        throw new JsonSyntaxException("field '" + field + "' must be an array of strings");
      }
      List<String> texts = new ArrayList<>();
      while (in.nextToken() != JsonToken.END_ARRAY) {
        texts.add(text(field));
      }
      return texts;
    }

    private boolean truth(String field) {
      JsonToken token = in.currentToken();
      if (token == null || !token.isBoolean()) {
        throw new JsonSyntaxException("field '" + field + "' must be true or false");
      }
      return token == JsonToken.VALUE_TRUE;
    }

    private Bytes base64(String field) throws IOException {
      try {
        return Bytes.wrap(Base64.getDecoder().decode(text(field)));
      } catch (IllegalArgumentException e) {
        throw new JsonSyntaxException("field '" + field + "' is not base64: " + e.getMessage());
      }
    }

    private Instant time(String field) throws IOException {
      try {
        return Instant.parse(text(field));
      } catch (DateTimeException e) {
        throw new JsonSyntaxException(
            "field '" + field + "' must be a time such as 2026-11-21T10:15:30.123Z");
      }
    }
  }
}
