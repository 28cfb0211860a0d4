package io.varve.gateway.http;

import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpHeadersBuilder;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.server.DecoratingHttpServiceFunction;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServiceRequestContext;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Which other origins' pages may use the gateway: exactly those that are configured, by default
 * none. A page of another origin gets the same answers and no leave to read them, and its
 * preflights are refused.
 */
final class Cors implements DecoratingHttpServiceFunction {
  private static final String METHODS = "GET, HEAD, POST, DELETE";
  private static final String REQUEST_HEADERS =
      "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID,"
          + " Varve-Known-Position";
  private static final String EXPOSED =
      "ETag, Retry-After, " + Answers.LOG_IDENTITY + ", " + Answers.APPEND_ID;
  private static final String MAX_AGE_SECONDS = "600";

  /** What else stands behind a host is no port, and nothing that a browser sends. */
  private static final Pattern PORT = Pattern.compile(":[0-9]{1,5}$");

  private final Set<String> origins;

  Cors(Set<String> origins) {
    this.origins = Set.copyOf(origins);
  }

  @Override
  public HttpResponse serve(
      HttpService delegate, ServiceRequestContext context, HttpRequest request) throws Exception {
    String origin = request.headers().get(HttpHeaderNames.ORIGIN);
    if (origin == null) {
      return delegate.serve(context, request);
    }
    boolean allowed =
        (origins.contains(origin) && !origin.endsWith(":*")) || origins.contains(anyPort(origin));
    context.mutateAdditionalResponseHeaders(
        headers -> {
          headers.add(HttpHeaderNames.VARY, "Origin");
          if (allowed) {
            allow(headers, origin);
          }
        });
    boolean preflight =
        request.method() == HttpMethod.OPTIONS
            && request.headers().contains(HttpHeaderNames.ACCESS_CONTROL_REQUEST_METHOD);
    if (!preflight) {
      return delegate.serve(context, request);
    }
    if (!allowed) {
      return Access.denied("pages of this origin may not use the gateway", "Origin")
          .problem()
          .toResponse();
    }
    return HttpResponse.of(
        ResponseHeaders.builder(HttpStatus.NO_CONTENT)
            .set(HttpHeaderNames.ACCESS_CONTROL_ALLOW_METHODS, METHODS)
            .set(HttpHeaderNames.ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS)
            .set(HttpHeaderNames.ACCESS_CONTROL_MAX_AGE, MAX_AGE_SECONDS)
            .build());
  }

  /** The origin as it is configured when any of its host's ports is meant. */
  private static String anyPort(String origin) {
    return PORT.matcher(origin).replaceFirst("") + ":*";
  }

  private static void allow(HttpHeadersBuilder headers, String origin) {
    headers.set(HttpHeaderNames.ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    // The cookie is SameSite=Strict: it reaches the gateway from pages of its own site only.
    headers.set(HttpHeaderNames.ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
    headers.set(HttpHeaderNames.ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
  }
}
