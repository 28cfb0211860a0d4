package io.varve.gateway.http;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import io.varve.gateway.problem.Problem;
import io.varve.gateway.problem.ProblemCode;
import io.varve.gateway.problem.ProblemException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/**
 * The pages, from the class path below {@code io/varve/gateway/static}: read once, kept in memory
 * (they are few and part of the gateway). A path that ends with {@code /} is its {@code
 * index.html}. Thread-safe.
 */
final class StaticFiles {
  private static final String ROOT = "/io/varve/gateway/static";

  /** Only such names are looked for: no {@code ..}, nothing hidden, nothing encoded. */
  private static final Pattern PATH =
      Pattern.compile(
          "/(?:[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}/){0,8}(?:[A-Za-z0-9_-][A-Za-z0-9._-]{0,99})?");

  private static final Map<String, MediaType> TYPES =
      Map.ofEntries(
          Map.entry("html", MediaType.HTML_UTF_8),
          Map.entry(
              "js", MediaType.create("text", "javascript").withCharset(StandardCharsets.UTF_8)),
          Map.entry(
              "mjs", MediaType.create("text", "javascript").withCharset(StandardCharsets.UTF_8)),
          Map.entry("css", MediaType.CSS_UTF_8),
          Map.entry("svg", MediaType.SVG_UTF_8),
          Map.entry("png", MediaType.PNG),
          Map.entry("ico", MediaType.ICO),
          Map.entry("woff2", MediaType.create("font", "woff2")),
          Map.entry("json", MediaType.JSON),
          Map.entry("webmanifest", MediaType.create("application", "manifest+json")),
          // A declaration file is for compilers and people; browsers show text.
          Map.entry("ts", MediaType.PLAIN_TEXT_UTF_8),
          Map.entry("txt", MediaType.PLAIN_TEXT_UTF_8),
          Map.entry("md", MediaType.PLAIN_TEXT_UTF_8));

  static final String CONTENT_SECURITY_POLICY =
      "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none';"
          + " object-src 'none'";

  /** Only files that exist are kept, so this is bounded by what the gateway ships. */
  private final Map<String, Loaded> files = new ConcurrentHashMap<>();

  /** The file that a request's path names. */
  CompletableFuture<HttpResponse> answer(Exchange exchange) {
    return CompletableFuture.completedFuture(serve(exchange, exchange.context().path()));
  }

  /** Leads a directory named without its {@code /} to where it is. */
  static CompletableFuture<HttpResponse> redirect(String to) {
    return CompletableFuture.completedFuture(
        HttpResponse.of(ResponseHeaders.of(HttpStatus.valueOf(308), HttpHeaderNames.LOCATION, to)));
  }

  private HttpResponse serve(Exchange exchange, String path) {
    Loaded file =
        find(path)
            .orElseThrow(
                () ->
                    new ProblemException(
                        Problem.of(ProblemCode.NOT_FOUND, "there is nothing at this address")));
    if (Answers.matches(exchange, file.tag())) {
      return Answers.notModified(file.tag(), StaticFiles::secure);
    }
    return Answers.bytes(
        file.type(),
        file.bytes(),
        headers -> {
          headers.set(HttpHeaderNames.ETAG, file.tag());
          secure(headers);
        });
  }

  private Optional<Loaded> find(String path) {
    if (!PATH.matcher(path).matches()) {
      return Optional.empty();
    }
    String name = path.endsWith("/") ? path + "index.html" : path;
    MediaType type = TYPES.get(name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT));
    if (type == null) {
      // Also what keeps directories of the class path from being read as files.
      return Optional.empty();
    }
    return Optional.ofNullable(files.get(name)).or(() -> load(name, type));
  }

  private Optional<Loaded> load(String name, MediaType type) {
    try (InputStream in = StaticFiles.class.getResourceAsStream(ROOT + name)) {
      if (in == null) {
        return Optional.empty();
      }
      byte[] bytes = in.readAllBytes();
      Loaded loaded = new Loaded(HttpData.wrap(bytes), type, Answers.strongTag(bytes));
      files.put(name, loaded);
      return Optional.of(loaded);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void secure(ResponseHeadersBuilder headers) {
    headers.set("content-security-policy", CONTENT_SECURITY_POLICY);
    headers.set("referrer-policy", "no-referrer");
    headers.set("cross-origin-opener-policy", "same-origin");
  }

  private record Loaded(HttpData bytes, MediaType type, String tag) {}
}
