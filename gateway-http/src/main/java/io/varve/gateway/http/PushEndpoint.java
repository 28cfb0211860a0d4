package io.varve.gateway.http;

import com.linecorp.armeria.common.HttpResponse;
import io.varve.client.AppendRequest;
import io.varve.client.AppendResult;
import io.varve.client.AppendResult.Appended;
import io.varve.client.VarveClient;
import io.varve.client.VarveException;
import io.varve.gateway.cluster.Cluster;
import io.varve.gateway.problem.Problem;
import io.varve.gateway.problem.ProblemException;
import io.varve.gateway.problem.Problems;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code POST /v1/push}: lands a run of a client's buffer, atomically, exactly once however often
 * it is sent. Whatever refuses one event for good refuses the run, and says which one it was.
 */
final class PushEndpoint implements Endpoint {
  private static final Pattern EVENT = Pattern.compile("append\\.events\\[(\\d{1,9})\\](.*)");
  private static final Pattern VOID = Pattern.compile("append\\.origin\\.voids\\[(\\d{1,9})\\]");

  private final Cluster cluster;
  private final Workers parsing;
  private final Figures figures;

  PushEndpoint(Cluster cluster, Workers parsing, Figures figures) {
    this.cluster = cluster;
    this.parsing = parsing;
    this.figures = figures;
  }

  @Override
  public CompletableFuture<HttpResponse> answer(Exchange exchange) {
    return exchange
        .json()
        .thenCompose(json -> parsing.run(() -> read(exchange, json)))
        .thenCompose(run -> push(run));
  }

  private static Run read(Exchange exchange, String json) {
    PushBody body = PushBody.read(json);
    String client = exchange.caller().origin(body.clientId());
    for (int i = 0; i < body.elements().size(); i++) {
      if (body.elements().get(i).event().isPresent()) {
        try {
          Access.requireAppend(
              exchange.caller(),
              body.elements().get(i).event().get().source(),
              "events[" + i + "].source");
        } catch (ProblemException e) {
          throw new ProblemException(e.problem().clientSeq(body.firstSequence() + i));
        }
      }
    }
    Optional<UUID> expected = exchange.expectedIdentity();
    if (expected.isPresent()
        && body.logIdentity().isPresent()
        && !expected.equals(body.logIdentity())) {
      throw JsonReader.invalid("logIdentity", "the query and the body expect different logs");
    }
    return new Run(body, client, expected.or(body::logIdentity));
  }

  private CompletableFuture<HttpResponse> push(Run run) {
    PushBody body = run.body();
    AppendRequest request =
        AppendRequest.builder().events(body.events()).origin(body.origin(run.client())).build();
    return cluster
        .call(
            run.expected(),
            client -> client.appendAsync(request).thenApply(result -> answer(client, run, result)))
        .handle(
            (answer, failure) -> {
              if (failure == null) {
                return answer;
              }
              throw new ProblemException(problem(body, Problems.unwrap(failure)));
            });
  }

  private HttpResponse answer(VarveClient client, Run run, AppendResult result) {
    PushBody body = run.body();
    // A run has no conditions, so it cannot conflict.
    Appended appended = result.orThrow();
    UUID identity = client.logIdentity().orElseThrow();
    long newest = appended.originPositions().stream().mapToLong(Long::longValue).max().orElse(0);
    long head = Math.max(client.knownHead().orElse(0), newest);
    figures.pushed(body.events().size(), body.elements().size() - body.events().size(), appended);
    return Answers.json(
        identity,
        Answers.object(
            identity,
            out -> {
              out.writeStringField("clientId", run.client());
              out.writeStringField("bufferId", body.bufferId());
              out.writeNumberField("landedThrough", body.lastSequence());
              out.writeNumberField("head", head);
              out.writeArrayFieldStart("positions");
              long number = body.firstSequence();
              for (long position : appended.originPositions()) {
                out.writeStartObject();
                out.writeNumberField("clientSeq", number++);
                out.writeNumberField("position", position);
                out.writeEndObject();
              }
              out.writeEndArray();
            }));
  }

  /** What the log refused, in the words of this request: by its element and its number. */
  private static Problem problem(PushBody body, Throwable failure) {
    Problem problem = Problems.of(failure);
    if (!(failure instanceof VarveException varve)) {
      return problem;
    }
    Matcher event = EVENT.matcher(varve.field());
    Matcher gone = VOID.matcher(varve.field());
    if (event.matches() || gone.matches()) {
      boolean isEvent = event.matches();
      int element =
          isEvent
              ? body.elementOfEvent(Integer.parseInt(event.group(1)))
              : body.elementOfVoid(Integer.parseInt(gone.group(1)));
      String rest = isEvent ? FieldNames.camel(event.group(2)) : "";
      Problem named =
          Problem.of(
              FieldNames.code(problem.code(), varve.field()),
              problem.detail(),
              "events[" + element + "]" + rest);
      return named.clientSeq(body.firstSequence() + element);
    }
    if (varve.field().startsWith("append.origin.")) {
      String field = FieldNames.camel(varve.field().substring("append.origin.".length()));
      return Problem.of(problem.code(), problem.detail(), field);
    }
    return FieldNames.problem(failure);
  }

  private record Run(PushBody body, String client, Optional<UUID> expected) {}
}
