package io.varve.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.varve.client.NewEvent;
import io.varve.gateway.Gateway;
import io.varve.gateway.TestGateway;
import io.varve.testkit.EmbeddedVarve;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PullEndpointTest extends RouteTest {

  private static List<Long> positions(JsonNode page) {
    List<Long> positions = new ArrayList<>();
    page.path("events").forEach(event -> positions.add(event.path("position").asLong()));
    return positions;
  }

  private static String of(String source) {
    return "/v1/events?source=" + Http.encoded(source);
  }

  @Test
  void pagesOfASourceJoinUpWithoutAGapOrADuplicate() {
    String source = fresh("shared/");
    List<Long> appended = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      appended.add(append(source, "T", "{\"i\":" + i + "}"));
    }
    append(fresh("shared/"), "T", "{}");

    List<Long> pulled = new ArrayList<>();
    long after = 0;
    JsonNode page;
    do {
      page = http.get(of(source) + "&limit=2&after=" + after).json();
      pulled.addAll(positions(page));
      after = page.path("next").asLong();
    } while (page.path("more").asBoolean());

    assertThat(pulled).isEqualTo(appended);
    assertThat(after).isEqualTo(page.path("head").asLong()).isGreaterThan(appended.get(4));
  }

  @Test
  void aPageSaysWhatAnEventIs() {
    String source = fresh("shared/");
    append(source, "Painted", "{\"colour\": 1.50}");

    Http.Answer answer = http.get(of(source));

    assertThat(answer.header("content-type")).isEqualTo("application/json");
    assertThat(answer.header("cache-control")).isEqualTo("no-cache");
    assertThat(answer.header("x-content-type-options")).isEqualTo("nosniff");
    assertThat(answer.text()).contains("\"data\":{\"colour\":1.50}");
    JsonNode event = answer.json().path("events").get(0);
    assertThat(event.path("source").asText()).isEqualTo(source);
    assertThat(event.path("type").asText()).isEqualTo("Painted");
    assertThat(event.path("version").asLong()).isEqualTo(1);
    assertThat(answer.json().path("logIdentity").asText())
        .isEqualTo(log.head().logIdentity().toString());
  }

  @Test
  void pagesDescendFromTheNewest() {
    String source = fresh("shared/");
    List<Long> appended = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      appended.add(append(source, "T", "{}"));
    }

    JsonNode first = http.get(of(source) + "&order=desc&limit=2").json();
    JsonNode second =
        http.get(of(source) + "&order=desc&limit=2&before=" + first.path("next").asLong()).json();
    JsonNode last =
        http.get(of(source) + "&order=desc&limit=2&before=" + second.path("next").asLong()).json();

    assertThat(positions(first)).containsExactly(appended.get(2), appended.get(1));
    assertThat(first.path("more").asBoolean()).isTrue();
    assertThat(positions(second)).containsExactly(appended.get(0));
    assertThat(second.path("more").asBoolean()).isFalse();
    assertThat(positions(last)).isEmpty();
    assertThat(http.get(of(source) + "&order=desc&before=9000000").json().path("events"))
        .hasSize(3);
  }

  @Test
  void aSourceIsReadFromAVersionOn() {
    String source = fresh("shared/");
    append(source, "T", "{}");
    long second = append(source, "T", "{}");

    assertThat(positions(http.get(of(source) + "&afterVersion=1").json())).containsExactly(second);
    assertThat(positions(http.get(of(source) + "&afterVersion=2").json())).isEmpty();
    assertProblem(http.get(of(source) + "&afterVersion=3"), 400, "OUT_OF_RANGE", "afterVersion");
  }

  @Test
  void aFilterSkipsWhatDoesNotMatch() {
    String type = fresh("Type");
    append(fresh("shared/"), "T", "{}");
    long match = append(fresh("shared/"), type, "{}");
    long head = append(fresh("shared/"), "T", "{}");
    String filter = Http.encoded("{\"anyOf\":[{\"types\":[\"" + type + "\"]}]}");

    JsonNode page = http.get("/v1/events?filter=" + filter + "&consistency=linearizable").json();

    assertThat(positions(page)).containsExactly(match);
    assertThat(page.path("next").asLong()).isGreaterThanOrEqualTo(head);
  }

  @Test
  void namesOfSourcesAreNamesWhateverTheyContain() {
    for (String source :
        List.of("a/../b", "%2e%2e", "a b+c&d=e?f#g", "\u00fc\u4e2d\ud83d\ude00", "..", "/", "\\")) {
      String name = source + UUID.randomUUID();
      long position = append(name, "T", "{}");

      assertThat(http.get("/v1/source?source=" + Http.encoded(name)).json().path("source").asText())
          .isEqualTo(name);
      assertThat(positions(http.get(of(name)).json())).as(name).containsExactly(position);
    }
  }

  @Test
  void aPageEndsEarlyRatherThanBeTooLarge() {
    String source = fresh("shared/");
    for (int i = 0; i < 6; i++) {
      log.append(NewEvent.builder(source, "T").contentType("x/y").data(new byte[1 << 20]).build());
    }

    List<Long> versions = new ArrayList<>();
    long after = 0;
    JsonNode page;
    do {
      Http.Answer answer = http.get(of(source) + "&limit=1000&after=" + after);
      assertThat(answer.response().body().length).isLessThan(4_400_000);
      page = answer.json();
      page.path("events").forEach(event -> versions.add(event.path("version").asLong()));
      after = page.path("next").asLong();
    } while (page.path("more").asBoolean());

    assertThat(versions).containsExactly(1L, 2L, 3L, 4L, 5L, 6L);
  }

  @Test
  void anUnchangedPageIsNotSentAgain() {
    String source = fresh("shared/");
    append(source, "T", "{}");
    Http.Answer first = http.get(of(source));
    String tag = first.header("etag");
    assertThat(tag).startsWith("W/\"");

    Http.Answer same = http.get(of(source), "If-None-Match", "\"other\", " + tag);

    assertThat(same.status()).isEqualTo(304);
    assertThat(same.text()).isEmpty();
    assertThat(same.header("etag")).isEqualTo(tag);
    append(source, "T", "{}");
    assertThat(http.get(of(source), "If-None-Match", tag).status()).isEqualTo(200);
  }

  @Test
  void aWaitEndsAsSoonAsSomethingMatches() {
    String source = fresh("shared/");
    long after = append(source, "T", "{}");
    CompletableFuture<Http.Answer> waiting = http.getAsync(of(source) + "&wait=60&after=" + after);
    awaitWaiters(1);
    append(fresh("shared/"), "T", "{}");
    assertThat(waiting).isNotDone();

    long match = append(source, "T", "{}");

    assertThat(waiting)
        .succeedsWithin(90, TimeUnit.SECONDS)
        .satisfies(answer -> assertThat(positions(answer.json())).containsExactly(match));
    awaitWaiters(0);
  }

  @Test
  void aWaitThatIsInVainEndsWithAnEmptyPage() {
    String source = fresh("shared/");
    long after = append(source, "T", "{}");

    JsonNode page = http.get(of(source) + "&wait=1&after=" + after).json();

    assertThat(positions(page)).isEmpty();
    assertThat(page.path("more").asBoolean()).isFalse();
    assertThat(page.path("next").asLong()).isGreaterThanOrEqualTo(after);
  }

  @Test
  void whoeverGoesAwayIsWaitedForNoLonger() {
    String source = fresh("shared/");
    CompletableFuture<Http.Answer> waiting = http.getAsync(of(source) + "&wait=60");
    awaitWaiters(1);

    waiting.cancel(true);

    awaitWaiters(0);
  }

  @Test
  void noMoreThanSoManyWaitAtATime(EmbeddedVarve varve) {
    try (Gateway small =
        TestGateway.start(
            varve.target(),
            callers(),
            config -> config.withLimits(Limits.defaults().withWaiters(1)))) {
      Http client = new Http(small.uri());
      String source = fresh("shared/");
      CompletableFuture<Http.Answer> waiting = client.getAsync(of(source) + "&wait=60");
      awaitWaiters(client, 1);

      Http.Answer second = client.get(of(source) + "&wait=60");

      assertProblem(second, 429, "OVERLOADED", "");
      assertThat(second.header("retry-after")).isEqualTo("2");
      append(source, "T", "{}");
      assertThat(waiting).succeedsWithin(90, TimeUnit.SECONDS);
    }
  }

  @Test
  void aGatewayThatStopsLetsThoseWhoWaitGo(EmbeddedVarve varve) {
    Gateway stopping = TestGateway.start(varve.target(), callers());
    Http client = new Http(stopping.uri());
    CompletableFuture<Http.Answer> waiting = client.getAsync(of(fresh("shared/")) + "&wait=60");
    awaitWaiters(client, 1);

    stopping.close();

    assertThat(waiting)
        .succeedsWithin(60, TimeUnit.SECONDS)
        .satisfies(answer -> assertThat(positions(answer.json())).isEmpty());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "colour=1|colour",
        "source=a&source=b|source",
        "source=|source",
        "source|source",
        "source=%ff|source",
        "source=a&filter=%7B%7D|filter",
        "filter=%7B%7D|filter",
        "filter=nonsense|filter",
        "filter=%7B%22anyOf%22:[]%7D|filter.anyOf",
        "after=-1|after",
        "after=x|after",
        "after=01|after",
        "after=%2B1|after",
        "after=9223372036854775807|after",
        "after=99999999999999999999|after",
        "after=1&afterVersion=1|afterVersion",
        "afterVersion=1|afterVersion",
        "before=5|before",
        "order=desc&before=0|before",
        "order=desc&after=1|after",
        "order=desc&wait=1|wait",
        "order=up|order",
        "limit=0|limit",
        "limit=1001|limit",
        "wait=61|wait",
        "wait=1.5|wait",
        "consistency=eventual|consistency",
        "atLeast=x|atLeast",
        "logIdentity=x|logIdentity",
      })
  void whatCannotBeAskedForIsRefusedNamingTheParameter(String query, String field) {
    assertProblem(
        http.get("/v1/events?" + query.replace("[", "%5B").replace("]", "%5D")),
        400,
        "INVALID_ARGUMENT",
        field);
  }

  @Test
  void aPositionAboveTheHeadIsOfAnotherHistory() {
    assertProblem(http.get("/v1/events?after=9000000"), 400, "OUT_OF_RANGE", "after");
  }

  @Test
  void anotherLogThanExpectedIsSaidSo() {
    assertProblem(
        http.get("/v1/events?logIdentity=" + UUID.randomUUID()),
        409,
        "LOG_IDENTITY_MISMATCH",
        "logIdentity");
    assertThat(http.get("/v1/events?limit=1&logIdentity=" + log.head().logIdentity()).status())
        .isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v1/events?source=other/1",
        "/v1/events?source=mine",
        "/v1/events?source=_varve/clients",
        "/v1/events?filter=%7B%22anyOf%22:%5B%7B%22types%22:%5B%22T%22%5D%7D%5D%7D",
        "/v1/events?filter=%7B%22anyOf%22:%5B%7B%22source%22:%22mine/1%22%7D,%7B%22source%22:%22o%22%7D%5D%7D",
        "/v1/events?filter=%7B%22anyOf%22:%5B%7B%22source%22:%22_varve/c%22%7D%5D%7D",
        "/v1/events",
      })
  void whatIsNotGrantedIsNotRead(String path) {
    assertThat(http.as(DEVICE).get(path).status()).isEqualTo(403);
    assertThat(http.as("").get(path).status()).isEqualTo(401);
  }

  @Test
  void whatIsGrantedIsRead() {
    String source = fresh("mine/");
    append(source, "T", "{}");
    String filter = Http.encoded("{\"anyOf\":[{\"source\":\"" + source + "\"}]}");

    assertThat(http.as(DEVICE).get(of(source)).json().path("events")).hasSize(1);
    assertThat(http.as(DEVICE).get("/v1/events?filter=" + filter).json().path("events")).hasSize(1);
  }

  private void awaitWaiters(int count) {
    awaitWaiters(http, count);
  }

  private static void awaitWaiters(Http client, int count) {
    Eventually.assertThat(
        () -> client.get("/metrics").text(),
        text -> text.contains("varve_gateway_waiting_requests " + count + "\n"));
  }
}
