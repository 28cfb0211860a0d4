package io.varve.gateway.http;

import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.server.DecoratingHttpServiceFunction;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.varve.gateway.cluster.Cluster;

/**
 * What every answer has: the log's identity, once known, and that its type is not to be guessed.
 */
final class EveryAnswer implements DecoratingHttpServiceFunction {
  private final Cluster cluster;

  EveryAnswer(Cluster cluster) {
    this.cluster = cluster;
  }

  @Override
  public HttpResponse serve(
      HttpService delegate, ServiceRequestContext context, HttpRequest request) throws Exception {
    context.setAdditionalResponseHeader("x-content-type-options", "nosniff");
    return delegate
        .serve(context, request)
        .mapHeaders(
            headers ->
                headers.contains(Answers.LOG_IDENTITY)
                    ? headers
                    : cluster
                        .knownIdentity()
                        .map(
                            identity ->
                                headers.toBuilder()
                                    .set(Answers.LOG_IDENTITY, identity.toString())
                                    .build())
                        .orElse(headers));
  }
}
