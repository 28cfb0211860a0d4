package io.varve.gateway.sse;

import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import io.varve.gateway.identity.Caller;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;

/** The streams that were opened with the same credentials. Used by the hub's thread. */
final class Session {
  final RequestHeaders credentials;
  final Set<ClientStream> streams = new LinkedHashSet<>();
  private Caller caller;
  long checkedNanos = System.nanoTime();
  boolean checking;

  Session(RequestHeaders credentials, Caller caller) {
    this.credentials = credentials;
    this.caller = caller;
  }

  /** Of a request, what tells who makes it. */
  static RequestHeaders credentials(RequestHeaders headers) {
    RequestHeadersBuilder kept = RequestHeaders.builder(HttpMethod.GET, "/v1/stream");
    headers
        .getAll(HttpHeaderNames.AUTHORIZATION)
        .forEach(value -> kept.add(HttpHeaderNames.AUTHORIZATION, value));
    headers
        .getAll(HttpHeaderNames.COOKIE)
        .forEach(value -> kept.add(HttpHeaderNames.COOKIE, value));
    return kept.build();
  }

  Caller caller() {
    return caller;
  }

  void confirmed(Caller again) {
    caller = again;
  }

  Optional<Instant> expires() {
    return caller.expires();
  }
}
