package io.varve.gateway.http;

import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.varve.gateway.identity.Authenticator;
import io.varve.gateway.identity.Caller;
import io.varve.gateway.identity.Grants;
import io.varve.gateway.problem.Problem;
import io.varve.gateway.problem.ProblemCode;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * One route: finds the operation for a request's method, checks the query, finds out who asks, lets
 * the operation answer, and makes a problem of whatever fails. Nothing is answered without a caller
 * unless the operation says that it is open.
 */
final class RouteService implements HttpService {
  private static final Caller NOBODY =
      new Caller(Optional.empty(), new Grants(List.of(), List.of()), Optional.empty());

  private final Map<HttpMethod, Operation> operations;
  private final Authenticator authenticator;
  private final ByteBudget bodies;
  private final Figures figures;
  private final String allowed;

  RouteService(
      Map<HttpMethod, Operation> operations,
      Authenticator authenticator,
      ByteBudget bodies,
      Figures figures) {
    this.operations = Map.copyOf(operations);
    this.authenticator = authenticator;
    this.bodies = bodies;
    this.figures = figures;
    TreeSet<String> methods = new TreeSet<>(List.of("OPTIONS"));
    operations.keySet().forEach(method -> methods.add(method.name()));
    if (operations.containsKey(HttpMethod.GET)) {
      methods.add("HEAD");
    }
    this.allowed = String.join(", ", methods);
  }

  @Override
  public HttpResponse serve(ServiceRequestContext context, HttpRequest request) {
    HttpMethod method = request.method() == HttpMethod.HEAD ? HttpMethod.GET : request.method();
    if (method == HttpMethod.OPTIONS) {
      return HttpResponse.of(
          ResponseHeaders.of(HttpStatus.NO_CONTENT, HttpHeaderNames.ALLOW, allowed));
    }
    Operation operation = operations.get(method);
    if (operation == null) {
      context.setAdditionalResponseHeader(HttpHeaderNames.ALLOW, allowed);
      return Problem.of(
              ProblemCode.METHOD_NOT_ALLOWED,
              request.method() + " is not for this address; " + allowed + " are")
          .toResponse();
    }
    count(context, operation);
    return HttpResponse.of(
        attempt(() -> begin(context, request, operation))
            .exceptionally(failure -> FieldNames.problem(failure).toResponse()));
  }

  private CompletableFuture<HttpResponse> begin(
      ServiceRequestContext context, HttpRequest request, Operation operation) {
    // Who asks comes first: strangers are told nothing about what they asked for.
    CompletableFuture<Caller> caller =
        operation.open()
            ? CompletableFuture.completedFuture(NOBODY)
            : authenticator.authenticate(request.headers());
    return caller.thenCompose(
        known -> {
          Query query =
              Query.of(
                  operation.readsQuery() ? request.path() : "",
                  operation.parameters(),
                  operation.repeatable());
          return operation.endpoint().answer(new Exchange(context, request, query, known, bodies));
        });
  }

  private void count(ServiceRequestContext context, Operation operation) {
    var unused =
        context
            .log()
            .whenComplete()
            .thenAccept(
                log ->
                    figures.answered(
                        operation.name(),
                        log.responseStatus().code(),
                        Duration.ofNanos(log.totalDurationNanos())));
  }

  private static <T> CompletableFuture<T> attempt(Supplier<CompletableFuture<T>> call) {
    try {
      return call.get();
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
  }
}
