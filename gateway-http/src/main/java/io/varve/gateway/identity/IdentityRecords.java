package io.varve.gateway.identity;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import io.varve.client.ConcurrencyScope;
import io.varve.client.Event;
import io.varve.client.Filter;
import io.varve.client.FilterItem;
import io.varve.client.LatestOptions;
import io.varve.client.NewEvent;
import io.varve.client.json.Json;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * How clients and revoked tokens stand in the log, in the source {@link ReservedSources#IDENTITY}:
 * the newest event of the key {@code client/ID} is what holds about a client, that of {@code
 * token/ID} says that a token was revoked. Payloads are JSON; nothing in them is secret.
 *
 * <p>Every event about a client carries the tag {@code client:ID}, so that whoever changes a client
 * can make it a condition that nobody else has since it was read ({@link #unchanged}). Thread-safe.
 */
public final class IdentityRecords {

  /** A client became known, or valid again. */
  public static final String CLIENT_REGISTERED = "ClientRegistered";

  /** A client is no longer trusted. */
  public static final String CLIENT_REVOKED = "ClientRevoked";

  /** What a client may do, or its name, is another. */
  public static final String GRANTS_CHANGED = "GrantsChanged";

  /** A token is no longer valid. */
  public static final String TOKEN_REVOKED = "TokenRevoked";

  /** A token was issued; in the source {@link ReservedSources#TOKENS}. */
  public static final String TOKEN_ISSUED = "TokenIssued";

  /** What the keys of clients begin with. */
  public static final String CLIENT_PREFIX = "client/";

  /** What the keys of revoked tokens begin with. */
  public static final String TOKEN_PREFIX = "token/";

  private static final String JSON = "application/json";
  private static final Set<String> CLIENT_FIELDS =
      Set.of("clientId", "status", "jwk", "grants", "name", "registered", "generation");
  private static final Set<String> REVOCATION_FIELDS = Set.of("tokenId", "clientId", "expires");

  private IdentityRecords() {}

  /**
   * Passes a client's id.
   *
   * @throws IdentityFormatException if it is no SHA-256 thumbprint in base64url
   */
  public static String requireClientId(String clientId) {
    try {
      if (clientId.length() == ClientKey.ID_CHARACTERS
          && StrictBase64.decode(clientId).length == 32) {
        return clientId;
      }
    } catch (IllegalArgumentException e) {
      // Said below.
    }
    throw new IdentityFormatException(
        "clientId",
        "a client's id is its key's SHA-256 thumbprint (RFC 7638) in base64url, "
            + ClientKey.ID_CHARACTERS
            + " characters");
  }

  /** The key of a client's record. */
  public static String clientKey(String clientId) {
    return CLIENT_PREFIX + requireClientId(clientId);
  }

  /** The key of a token's revocation. */
  public static String tokenKey(UUID tokenId) {
    return TOKEN_PREFIX + tokenId;
  }

  /** How to read the newest record of one key, linearizable: a page of it or of nothing. */
  public static LatestOptions latest(String key) {
    return LatestOptions.builder(ReservedSources.IDENTITY).keyPrefix(key).pageSize(1).build();
  }

  /** The condition that nobody changed a client behind a position: that its record was read at. */
  public static ConcurrencyScope unchanged(String clientId, long position) {
    return new ConcurrencyScope(
        Filter.anyOf(
            FilterItem.builder().source(ReservedSources.IDENTITY).tags(tag(clientId)).build()),
        position);
  }

  /**
   * The event that makes this what holds about a client.
   *
   * @param type {@link #CLIENT_REGISTERED}, {@link #CLIENT_REVOKED} or {@link #GRANTS_CHANGED}:
   *     what happened, for those who read the log
   */
  public static NewEvent event(String type, ClientRecord record) {
    return NewEvent.builder(ReservedSources.IDENTITY, type)
        .key(clientKey(record.clientId()))
        .tag(tag(record.clientId()))
        .contentType(JSON)
        .data(Json.object(out -> write(out, record)))
        .build();
  }

  /** The event that revokes a token. */
  public static NewEvent event(TokenRevocation revocation) {
    return NewEvent.builder(ReservedSources.IDENTITY, TOKEN_REVOKED)
        .key(tokenKey(revocation.tokenId()))
        .contentType(JSON)
        .data(
            Json.object(
                out -> {
                  out.writeStringField("tokenId", revocation.tokenId().toString());
                  if (revocation.clientId().isPresent()) {
                    out.writeStringField("clientId", revocation.clientId().get());
                  }
                  out.writeStringField("expires", revocation.expires().toString());
                }))
        .build();
  }

  /** The event that says that a token was issued. The token itself is not in it. */
  static NewEvent tokenIssued(String clientId, UUID tokenId, Instant expires) {
    return NewEvent.builder(ReservedSources.TOKENS, TOKEN_ISSUED)
        .key(clientId)
        .contentType(JSON)
        .data(
            Json.object(
                out -> {
                  out.writeStringField("clientId", clientId);
                  out.writeStringField("tokenId", tokenId.toString());
                  out.writeStringField("expires", expires.toString());
                }))
        .build();
  }

  /**
   * What an event says about a client.
   *
   * @throws IdentityFormatException if it says nothing that can be read; the message names the
   *     event's position
   */
  public static ClientRecord client(Event event) {
    try {
      JsonNode json = StrictJson.parse(event.data().toUtf8());
      StrictJson.requireOnly(json, "a client's record", CLIENT_FIELDS);
      ClientRecord record =
          new ClientRecord(
              text(json, "clientId"),
              switch (text(json, "status")) {
                case "active" -> false;
                case "revoked" -> true;
                default -> throw new IdentityFormatException("status", "there is no such status");
              },
              json.has("jwk") ? Optional.of(ClientKey.of(json.get("jwk"))) : Optional.empty(),
              json.has("grants") ? Optional.of(grants(json.get("grants"))) : Optional.empty(),
              json.has("name") ? text(json, "name") : "",
              time(json, "registered"),
              number(json, "generation"));
      if (!event.key().equals(clientKey(record.clientId()))) {
        throw new IdentityFormatException("clientId", "the record is of another client");
      }
      return record;
    } catch (IllegalArgumentException e) {
      throw unreadable(event, e);
    }
  }

  /**
   * What an event says about a token.
   *
   * @throws IdentityFormatException if it says nothing that can be read; the message names the
   *     event's position
   */
  public static TokenRevocation tokenRevocation(Event event) {
    try {
      JsonNode json = StrictJson.parse(event.data().toUtf8());
      StrictJson.requireOnly(json, "a token's revocation", REVOCATION_FIELDS);
      return new TokenRevocation(
          UUID.fromString(text(json, "tokenId")),
          json.has("clientId") ? Optional.of(text(json, "clientId")) : Optional.empty(),
          time(json, "expires"));
    } catch (IllegalArgumentException e) {
      throw unreadable(event, e);
    }
  }

  static void write(JsonGenerator out, Grants grants) throws IOException {
    prefixes(out, "read", grants.read());
    prefixes(out, "append", grants.append());
  }

  private static void prefixes(JsonGenerator out, String name, List<String> prefixes)
      throws IOException {
    out.writeArrayFieldStart(name);
    for (String prefix : prefixes) {
      out.writeString(prefix);
    }
    out.writeEndArray();
  }

  private static void write(JsonGenerator out, ClientRecord record) throws IOException {
    out.writeStringField("clientId", record.clientId());
    out.writeStringField("status", record.revoked() ? "revoked" : "active");
    if (record.key().isPresent()) {
      out.writeObjectFieldStart("jwk");
      record.key().get().write(out);
      out.writeEndObject();
    }
    if (record.grants().isPresent()) {
      out.writeObjectFieldStart("grants");
      write(out, record.grants().get());
      out.writeEndObject();
    }
    if (!record.name().isEmpty()) {
      out.writeStringField("name", record.name());
    }
    out.writeStringField("registered", record.registered().toString());
    out.writeNumberField("generation", record.generation());
  }

  private static Grants grants(JsonNode json) {
    StrictJson.requireOnly(json, "grants", Set.of("read", "append"));
    return new Grants(prefixes(json, "read"), prefixes(json, "append"));
  }

  private static List<String> prefixes(JsonNode json, String name) {
    List<String> prefixes = new ArrayList<>();
    JsonNode list = json.path(name);
    if (!list.isArray()) {
      throw new IdentityFormatException(name, "'" + name + "' must be an array of prefixes");
    }
    for (JsonNode prefix : list) {
      if (!prefix.isTextual()) {
        throw new IdentityFormatException(name, "'" + name + "' must be an array of strings");
      }
      prefixes.add(prefix.textValue());
    }
    return prefixes;
  }

  private static String text(JsonNode json, String name) {
    JsonNode value = json.path(name);
    if (!value.isTextual()) {
      throw new IdentityFormatException(name, "'" + name + "' must be there, and a string");
    }
    return value.textValue();
  }

  private static long number(JsonNode json, String name) {
    JsonNode value = json.path(name);
    if (!value.isIntegralNumber() || !value.canConvertToLong()) {
      throw new IdentityFormatException(name, "'" + name + "' must be there, and a whole number");
    }
    return value.longValue();
  }

  private static Instant time(JsonNode json, String name) {
    try {
      return Instant.parse(text(json, name));
    } catch (DateTimeException e) {
      throw new IdentityFormatException(
          name, "'" + name + "' must be a time such as 2026-11-21T10:15:30Z");
    }
  }

  private static String tag(String clientId) {
    return "client:" + clientId;
  }

  private static IdentityFormatException unreadable(Event event, IllegalArgumentException e) {
    return new IdentityFormatException(
        e instanceof IdentityFormatException format ? format.field() : "",
        String.format(
            Locale.ROOT,
            "the event at position %d of source %s cannot be read: %s",
            event.position(),
            event.source(),
            e.getMessage()));
  }
}
