package io.varve.gateway.http;

import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpResponse;
import io.varve.client.AppendId;
import io.varve.client.AppendRequest;
import io.varve.client.AppendResult;
import io.varve.client.AppendResult.Appended;
import io.varve.client.AppendResult.Conflict;
import io.varve.client.Bytes;
import io.varve.client.ConcurrencyScope;
import io.varve.client.Condition;
import io.varve.client.ExpectedVersion;
import io.varve.client.NewEvent;
import io.varve.client.VarveClient;
import io.varve.client.json.ResultJson;
import io.varve.gateway.cluster.Cluster;
import io.varve.gateway.identity.Caller;
import io.varve.gateway.problem.Problem;
import io.varve.gateway.problem.ProblemException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code POST /v1/events}: one live append of a service that speaks only HTTP, conditional by
 * {@code If-Match} and {@code If-None-Match} on the source's version and by conditions of the body;
 * {@code Idempotency-Key} names it across its retries.
 */
final class AppendEndpoint implements Endpoint {

  /** The parameters that describe the one event whose payload is the body. */
  static final String[] PARAMETERS = {
    "source", "type", "key", "sourceType", "streamType", "streamId", "id"
  };

  private static final Pattern VERSION = Pattern.compile("\"(0|[1-9][0-9]{0,18})\"");
  private static final Pattern KEY = Pattern.compile("\"([^\"]*)\"|([^\"]*)");

  private final Cluster cluster;
  private final Workers parsing;
  private final Figures figures;

  AppendEndpoint(Cluster cluster, Workers parsing, Figures figures) {
    this.cluster = cluster;
    this.parsing = parsing;
    this.figures = figures;
  }

  @Override
  public CompletableFuture<HttpResponse> answer(Exchange exchange) {
    Optional<String> source = exchange.query().name("source");
    List<Condition> headers = new ArrayList<>();
    ifMatch(exchange, source).ifPresent(headers::add);
    ifNoneMatch(exchange, source).ifPresent(headers::add);
    if (headers.size() > 1) {
      throw JsonReader.invalid(
          "If-None-Match", "'If-Match' and 'If-None-Match' exclude each other");
    }
    Optional<UUID> key = exchange.header("Idempotency-Key").map(AppendEndpoint::key);
    OptionalLong known =
        exchange
            .header("Varve-Known-Position")
            .map(text -> Query.number("Varve-Known-Position", text, 0, Long.MAX_VALUE))
            .map(OptionalLong::of)
            .orElse(OptionalLong.empty());
    if (known.isPresent() && key.isEmpty()) {
      throw JsonReader.invalid(
          "Varve-Known-Position", "'Varve-Known-Position' goes with an 'Idempotency-Key'");
    }
    return append(exchange, source)
        .thenCompose(
            body -> {
              List<Condition> conditions = new ArrayList<>(headers);
              conditions.addAll(body.conditions());
              if (body.events().isEmpty() && conditions.isEmpty()) {
                throw JsonReader.invalid("events", "an append needs 'events' or 'conditions'");
              }
              return append(exchange, source, body, conditions, key, known);
            });
  }

  private CompletableFuture<AppendBody> append(Exchange exchange, Optional<String> source) {
    CompletableFuture<AppendBody> body;
    if (exchange.isJson()) {
      for (String name : PARAMETERS) {
        if (!name.equals("source") && exchange.query().has(name)) {
          throw inTheBody(name);
        }
      }
      if (exchange.query().has("tag")) {
        throw inTheBody("tag");
      }
      body = exchange.json().thenCompose(json -> parsing.run(() -> AppendBody.read(json, source)));
    } else {
      NewEvent.Builder event = event(exchange, source);
      body =
          exchange
              .bytes()
              .thenApply(
                  bytes ->
                      new AppendBody(
                          Optional.empty(),
                          List.of(event.data(Bytes.wrap(bytes)).build()),
                          List.of()));
    }
    return body.thenApply(read -> authorized(exchange.caller(), read));
  }

  private static ProblemException inTheBody(String name) {
    return JsonReader.invalid(
        name, "with a body of application/json the events say their '" + name + "' themselves");
  }

  private static NewEvent.Builder event(Exchange exchange, Optional<String> source) {
    Query query = exchange.query();
    NewEvent.Builder event =
        NewEvent.builder(source.orElseGet(() -> query.required("source")), query.required("type"))
            .contentType(exchange.contentType().toString());
    query.name("key").ifPresent(event::key);
    query.name("sourceType").ifPresent(event::sourceType);
    query.name("streamType").ifPresent(event::streamType);
    query.name("streamId").ifPresent(event::streamId);
    query.name("id").ifPresent(event::id);
    return event.tags(query.all("tag"));
  }

  private static AppendBody authorized(Caller caller, AppendBody body) {
    for (int i = 0; i < body.events().size(); i++) {
      Access.requireAppend(caller, body.events().get(i).source(), "events[" + i + "].source");
    }
    return body;
  }

  private CompletableFuture<HttpResponse> append(
      Exchange exchange,
      Optional<String> source,
      AppendBody body,
      List<Condition> conditions,
      Optional<UUID> key,
      OptionalLong known) {
    for (int i = 0; i < conditions.size(); i++) {
      authorize(exchange.caller(), conditions.get(i), "conditions[" + i + "]");
    }
    Optional<UUID> expected = exchange.expectedIdentity();
    if (expected.isPresent()
        && body.logIdentity().isPresent()
        && !expected.equals(body.logIdentity())) {
      throw JsonReader.invalid("logIdentity", "the query and the body expect different logs");
    }
    UUID id = key.orElseGet(UUID::randomUUID);
    // Also when the outcome is unknown: then it is what the client asks with.
    exchange.context().setAdditionalResponseHeader(Answers.APPEND_ID, id.toString());
    return cluster.call(
        expected.or(body::logIdentity),
        client ->
            (known.isPresent()
                    ? CompletableFuture.completedFuture(known.getAsLong())
                    : client.recentHeadAsync())
                .thenCompose(
                    position ->
                        client.appendAsync(
                            AppendRequest.builder()
                                .events(body.events())
                                .conditions(conditions)
                                .appendId(new AppendId(id, position))
                                .build()))
                .thenApply(result -> answer(client, source, result)));
  }

  private HttpResponse answer(VarveClient client, Optional<String> source, AppendResult result) {
    figures.appended(result);
    if (result instanceof Conflict conflict) {
      return Problem.conflict(conflict).toResponse();
    }
    Appended appended = (Appended) result;
    UUID identity = client.logIdentity().orElseThrow();
    return Answers.json(
        identity,
        Answers.withIdentity(identity, ResultJson.write(appended)),
        headers -> {
          headers.set(HttpHeaderNames.CACHE_CONTROL, "no-store");
          source
              .map(appended.versions()::get)
              .ifPresent(version -> headers.set(HttpHeaderNames.ETAG, "\"" + version + "\""));
        });
  }

  private static void authorize(Caller caller, Condition condition, String field) {
    if (condition instanceof ExpectedVersion version) {
      Access.requireCondition(caller, version.source(), field + ".source");
    } else if (condition instanceof ConcurrencyScope scope) {
      Access.requireRead(caller, scope.filter(), field);
    }
  }

  private static Optional<Condition> ifMatch(Exchange exchange, Optional<String> source) {
    Optional<String> header = exchange.header("If-Match");
    if (header.isEmpty()) {
      return Optional.empty();
    }
    String on = conditionSource("If-Match", source);
    if (header.get().equals("*")) {
      return Optional.of(ExpectedVersion.exists(on));
    }
    Matcher version = VERSION.matcher(header.get());
    if (!version.matches()) {
      throw JsonReader.invalid(
          "If-Match", "'If-Match' must be one version in quotes, such as \"4\", or *");
    }
    return Optional.of(
        ExpectedVersion.exactly(on, Query.number("If-Match", version.group(1), 0, Long.MAX_VALUE)));
  }

  private static Optional<Condition> ifNoneMatch(Exchange exchange, Optional<String> source) {
    Optional<String> header = exchange.header("If-None-Match");
    if (header.isEmpty()) {
      return Optional.empty();
    }
    if (!header.get().equals("*")) {
      throw JsonReader.invalid(
          "If-None-Match", "'If-None-Match' of an append must be *: the source must not exist");
    }
    return Optional.of(ExpectedVersion.notExists(conditionSource("If-None-Match", source)));
  }

  private static String conditionSource(String header, Optional<String> source) {
    return source.orElseThrow(
        () -> JsonReader.invalid(header, "'" + header + "' is about a source: name it, ?source=…"));
  }

  private static UUID key(String header) {
    Matcher key = KEY.matcher(header);
    if (!key.matches()) {
      throw JsonReader.invalid("Idempotency-Key", "'Idempotency-Key' must be one UUID");
    }
    return Query.uuid("Idempotency-Key", key.group(1) == null ? key.group(2) : key.group(1));
  }
}
