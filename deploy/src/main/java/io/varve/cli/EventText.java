package io.varve.cli;

import io.varve.client.Bytes;
import io.varve.client.Event;
import io.varve.client.json.EventJson;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Optional;
import java.util.StringJoiner;

/**
 * Events for people: one line each, in columns that grow with what they hold. Long payloads are cut
 * (JSON output has all of it). Not thread-safe.
 */
final class EventText {

  /** Longer payloads are cut here. */
  private static final int MAX_PAYLOAD_CHARACTERS = 200;

  /** Columns grow no wider than this; what is longer sticks out. */
  private static final int MAX_COLUMN = 40;

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss.SSS", Locale.ROOT).withZone(ZoneOffset.UTC);

  private int positionWidth = 6;
  private int sourceWidth = 14;
  private int typeWidth = 14;

  String line(Event event) {
    String position = Long.toString(event.position());
    String source = printable(event.source()) + " v" + event.version();
    String type = printable(event.type());
    positionWidth = Math.max(positionWidth, position.length());
    sourceWidth = Math.max(sourceWidth, Math.min(source.length(), MAX_COLUMN));
    typeWidth = Math.max(typeWidth, Math.min(type.length(), MAX_COLUMN));
    StringBuilder line = new StringBuilder(160);
    line.append(" ".repeat(positionWidth - position.length())).append(position);
    line.append("  ").append(TIME.format(event.recorded()));
    pad(line.append("  ").append(source), sourceWidth - source.length());
    pad(line.append("  ").append(type), typeWidth - type.length());
    String rest = rest(event);
    if (!rest.isEmpty()) {
      line.append("  ").append(rest);
    }
    return line.toString().stripTrailing();
  }

  private static String rest(Event event) {
    StringJoiner rest = new StringJoiner("  ");
    String payload = payload(event.data(), event.contentType());
    if (!payload.isEmpty()) {
      rest.add(payload);
    }
    label(rest, "key", event.key());
    if (event.tombstone()) {
      rest.add("tombstone");
    }
    label(rest, "sourceType", event.sourceType());
    label(rest, "streamType", event.streamType());
    label(rest, "streamId", event.streamId());
    for (String tag : event.tags()) {
      rest.add("#" + printable(tag));
    }
    label(rest, "id", event.id());
    return rest.toString();
  }

  private static void label(StringJoiner rest, String name, String value) {
    if (!value.isEmpty()) {
      rest.add(name + "=" + printable(value));
    }
  }

  private static String payload(Bytes data, String contentType) {
    if (data.isEmpty()) {
      return "";
    }
    Optional<String> json = EventJson.json(data, contentType);
    if (json.isEmpty()) {
      return "("
          + data.size()
          + " bytes"
          + (contentType.isEmpty() ? "" : " of " + contentType)
          + ")";
    }
    String text = printable(json.get());
    return text.length() <= MAX_PAYLOAD_CHARACTERS
        ? text
        : text.substring(0, MAX_PAYLOAD_CHARACTERS) + "… (" + data.size() + " bytes)";
  }

  /** What others wrote must not steer the reader's terminal. */
  static String printable(String text) {
    if (text.chars().noneMatch(Character::isISOControl)) {
      return text;
    }
    StringBuilder clean = new StringBuilder(text.length() + 16);
    text.chars()
        .forEach(
            character -> {
              if (Character.isISOControl(character)) {
                clean.append(String.format(Locale.ROOT, "\\u%04x", character));
              } else {
                clean.append((char) character);
              }
            });
    return clean.toString();
  }

  private static void pad(StringBuilder line, int blanks) {
    line.append(" ".repeat(Math.max(0, blanks)));
  }
}
