package io.varve.gateway.http;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import io.varve.client.json.Json;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Answers as routes give them. */
final class Answers {

  /** The log's identity, in every answer once it is known. */
  static final String LOG_IDENTITY = "Varve-Log-Identity";

  /** The id that names an append. */
  static final String APPEND_ID = "Varve-Append-Id";

  private static final Pattern TAG = Pattern.compile("\"[\\x21\\x23-\\x7e]*\"");

  /** 128 bits of a digest: two bodies with the same one will not be met. */
  private static final int TAG_BYTES = 16;

  private Answers() {}

  /** JSON that a client may keep only to ask whether it is still so. */
  static HttpResponse json(UUID identity, String body) {
    return json(identity, body, headers -> {});
  }

  /** JSON with further headers. */
  static HttpResponse json(UUID identity, String body, Consumer<ResponseHeadersBuilder> further) {
    return bytes(
        MediaType.JSON,
        HttpData.ofUtf8(body),
        headers -> {
          headers.set(LOG_IDENTITY, identity.toString());
          further.accept(headers);
        });
  }

  /** Bytes of a type, to be asked for again each time unless {@code further} says otherwise. */
  static HttpResponse bytes(
      MediaType type, HttpData body, Consumer<ResponseHeadersBuilder> further) {
    ResponseHeadersBuilder headers =
        ResponseHeaders.builder(HttpStatus.OK)
            .contentType(type)
            .set(HttpHeaderNames.CACHE_CONTROL, "no-cache");
    further.accept(headers);
    return HttpResponse.of(headers.build(), body);
  }

  /** What the client has is still so. */
  static HttpResponse notModified(String tag, Consumer<ResponseHeadersBuilder> further) {
    ResponseHeadersBuilder headers =
        ResponseHeaders.builder(HttpStatus.NOT_MODIFIED)
            .set(HttpHeaderNames.ETAG, tag)
            .set(HttpHeaderNames.CACHE_CONTROL, "no-cache");
    further.accept(headers);
    return HttpResponse.of(headers.build());
  }

  /** JSON with an entity tag, or that it is the one the client has already. */
  static HttpResponse tagged(Exchange exchange, UUID identity, String tag, String body) {
    return matches(exchange, tag)
        ? notModified(tag, headers -> headers.set(LOG_IDENTITY, identity.toString()))
        : json(identity, body, headers -> headers.set(HttpHeaderNames.ETAG, tag));
  }

  /** The weak tag of a body. */
  static String weakTag(byte[] body) {
    return "W/" + strongTag(body);
  }

  /** The strong tag of a body. */
  static String strongTag(byte[] body) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(body);
      return '"'
          + Base64.getUrlEncoder().withoutPadding().encodeToString(Arrays.copyOf(digest, TAG_BYTES))
          + '"';
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JVM has SHA-256", e);
    }
  }

  /** Whether {@code If-None-Match} names a tag (compared weakly, as RFC 9110 says) or any. */
  static boolean matches(Exchange exchange, String tag) {
    return exchange.request().headers().getAll(HttpHeaderNames.IF_NONE_MATCH).stream()
        .anyMatch(header -> matches(header, tag));
  }

  private static boolean matches(String header, String tag) {
    if (header.strip().equals("*")) {
      return true;
    }
    String opaque = tag.startsWith("W/") ? tag.substring(2) : tag;
    Matcher tags = TAG.matcher(header);
    while (tags.find()) {
      if (tags.group().equals(opaque)) {
        return true;
      }
    }
    return false;
  }

  /** An object of the log: {@code logIdentity} and the fields. */
  static String object(UUID identity, Json.Writing fields) {
    return Json.object(
        out -> {
          out.writeStringField("logIdentity", identity.toString());
          fields.to(out);
        });
  }

  /** Adds the log's identity to an object that was written without. */
  static String withIdentity(UUID identity, String object) {
    String field = "{\"logIdentity\":\"" + identity + '"';
    return object.equals("{}") ? field + "}" : field + "," + object.substring(1);
  }

  /**
   * The media type under which a payload may be served: what the event says, if that is one; a text
   * that is not could end the header it stands in.
   */
  static MediaType payloadType(String contentType) {
    if (contentType.isEmpty()) {
      return MediaType.OCTET_STREAM;
    }
    Optional<MediaType> type = Optional.empty();
    if (contentType.chars().allMatch(c -> c >= ' ' && c < 0x7f)) {
      try {
        type = Optional.of(MediaType.parse(contentType));
      } catch (IllegalArgumentException e) {
        // Not a media type: bytes.
      }
    }
    return type.filter(parsed -> !parsed.hasWildcard()).orElse(MediaType.OCTET_STREAM);
  }
}
