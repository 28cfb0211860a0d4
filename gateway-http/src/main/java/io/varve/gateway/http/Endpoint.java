package io.varve.gateway.http;

import com.linecorp.armeria.common.HttpResponse;
import java.util.concurrent.CompletableFuture;

/** Answers requests of one method of one route. Must not block. Thread-safe. */
@FunctionalInterface
interface Endpoint {

  /**
   * The answer. Throws, or fails its future with, whatever {@link
   * io.varve.gateway.problem.Problems} can tell.
   */
  CompletableFuture<HttpResponse> answer(Exchange exchange);
}
