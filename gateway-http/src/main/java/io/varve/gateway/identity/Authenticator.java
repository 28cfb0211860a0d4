package io.varve.gateway.identity;

import com.linecorp.armeria.common.RequestHeaders;
import java.util.concurrent.CompletableFuture;

/** Finds out who makes a request. Thread-safe. */
@FunctionalInterface
public interface Authenticator {

  /**
   * The caller: by the header {@code Authorization: Bearer TOKEN}, or for requests that change
   * nothing ({@code GET}, {@code HEAD}) by the cookie.
   *
   * <p>The future fails with a {@link io.varve.gateway.problem.ProblemException} of 401 when there
   * is no token or it is not valid, of 403 when the client was revoked.
   */
  CompletableFuture<Caller> authenticate(RequestHeaders headers);
}
