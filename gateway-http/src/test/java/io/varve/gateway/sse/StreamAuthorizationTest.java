package io.varve.gateway.sse;

import static io.varve.gateway.sse.TestGateway.await;
import static org.assertj.core.api.Assertions.assertThat;

import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.RequestHeaders;
import io.varve.client.NewEvent;
import io.varve.gateway.identity.Authenticator;
import io.varve.gateway.identity.Caller;
import io.varve.gateway.identity.Grants;
import io.varve.gateway.problem.Problem;
import io.varve.gateway.problem.ProblemCode;
import io.varve.gateway.problem.ProblemException;
import io.varve.testkit.EmbeddedVarve;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StreamAuthorizationTest {
  private static EmbeddedVarve varve;

  private final Tokens tokens = new Tokens();
  private final AtomicReference<Instant> now = new AtomicReference<>(Instant.now());
  private TestGateway gateway;

  /**
   * Knows what each token stands for; a failure stands for a token that is not valid (any more).
   */
  private static final class Tokens implements Authenticator {
    final Map<String, Supplier<CompletableFuture<Caller>>> known = new ConcurrentHashMap<>();
    final AtomicInteger asked = new AtomicInteger();

    @Override
    public CompletableFuture<Caller> authenticate(RequestHeaders headers) {
      asked.incrementAndGet();
      String token =
          headers
              .get(HttpHeaderNames.AUTHORIZATION, "")
              .replace("Bearer ", "")
              .concat(headers.get(HttpHeaderNames.COOKIE, "").replace("varve_token=", ""));
      return known
          .getOrDefault(token, () -> refused(ProblemCode.UNAUTHENTICATED, "no such token"))
          .get();
    }

    static CompletableFuture<Caller> refused(ProblemCode code, String detail) {
      return CompletableFuture.failedFuture(new ProblemException(Problem.of(code, detail)));
    }

    void grant(String token, Optional<Instant> expires, String... read) {
      Caller caller =
          new Caller(Optional.of("client"), new Grants(List.of(read), List.of()), expires);
      known.put(token, () -> CompletableFuture.completedFuture(caller));
    }
  }

  private final Clock clock =
      new Clock() {
        @Override
        public ZoneId getZone() {
          return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
          return this;
        }

        @Override
        public Instant instant() {
          return now.get();
        }
      };

  @BeforeAll
  static void start() {
    varve = EmbeddedVarve.start();
    varve.client().append(NewEvent.builder("mine/a", "T").build());
  }

  @AfterAll
  static void stop() {
    varve.close();
  }

  @BeforeEach
  void startGateway() {
    gateway =
        new TestGateway(
            () -> varve.clientBuilder().build(),
            tokens,
            StreamOptions.defaults()
                .withRecheck(Duration.ofMillis(100), Duration.ofSeconds(60))
                .withMaxStreams(10, 3)
                .withHeartbeat(Duration.ofMillis(200)),
            clock);
  }

  @AfterEach
  void stopGateway() {
    gateway.close();
  }

  private Http1Sse follow(String query) {
    return new Http1Sse(gateway.port(), query, "Authorization: Bearer t");
  }

  @Test
  void withoutATokenNothingIsTold() {
    try (Http1Sse client = new Http1Sse(gateway.port(), "?source=mine/a")) {
      assertThat(client.status()).isEqualTo(401);
      assertThat(client.header("www-authenticate")).startsWith("Bearer");
      assertThat(client.body()).contains("UNAUTHENTICATED");
    }
  }

  @Test
  void aHeaderOrACookieTellsWhoAsks() {
    tokens.grant("t", Optional.empty(), "mine/");
    for (String line : List.of("Authorization: Bearer t", "Cookie: varve_token=t")) {
      try (Http1Sse client = new Http1Sse(gateway.port(), "?source=mine/a", line)) {
        client.next("message");
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''",
        "?source=theirs/a",
        "?source=mine/a&source=theirs/a",
        "?source=_varve/identity",
        "{\"anyOf\":[{\"types\":[\"T\"]}]}",
        "{\"anyOf\":[{\"source\":\"mine/a\"},{\"source\":\"theirs/a\"}]}",
        "{\"anyOf\":[{\"source\":\"_varve/identity\"}]}",
      })
  void whatNoGrantCoversIsNotFollowed(String asked) {
    tokens.grant("t", Optional.empty(), "mine/", "_varve/");
    String query =
        asked.startsWith("{")
            ? "?filter=" + URLEncoder.encode(asked, StandardCharsets.UTF_8)
            : asked;
    try (Http1Sse client = follow(query)) {
      assertThat(client.status()).isEqualTo(403);
      assertThat(client.body()).contains("PERMISSION_DENIED");
    }
  }

  @Test
  void aFilterWithinTheGrantsIsFollowed() {
    tokens.grant("t", Optional.empty(), "mine/");
    String filter = "{\"anyOf\":[{\"source\":\"mine/a\",\"types\":[\"T\"]}]}";
    try (Http1Sse client = follow("?filter=" + URLEncoder.encode(filter, StandardCharsets.UTF_8))) {
      client.next("message");
    }
  }

  @Test
  void whoMayReadEverythingFollowsTheGatewaysOwnSourcesToo() {
    tokens.grant("t", Optional.empty(), "*");
    try (Http1Sse client = follow("?source=_varve/identity")) {
      client.next("caught-up");
    }
  }

  @Test
  void aTokenThatIsRevokedEndsItsStreams() {
    tokens.grant("t", Optional.empty(), "mine/");
    try (Http1Sse one = follow("?source=mine/a");
        Http1Sse two = follow("?source=mine/a")) {
      one.next("caught-up");
      two.next("caught-up");
      tokens.known.remove("t");
      for (Http1Sse client : List.of(one, two)) {
        client.next("reauthenticate");
        assertThat(client.rest()).isEmpty();
      }
    }
  }

  @Test
  void aClientThatIsRevokedIsToldSo() {
    tokens.grant("t", Optional.empty(), "mine/");
    try (Http1Sse client = follow("?source=mine/a")) {
      client.next("caught-up");
      tokens.known.put("t", () -> Tokens.refused(ProblemCode.CLIENT_REVOKED, "out"));
      assertThat(client.next("problem").json().get("code").textValue()).isEqualTo("CLIENT_REVOKED");
      assertThat(client.rest()).isEmpty();
    }
  }

  @Test
  void aGrantThatIsWithdrawnEndsWhatItCovered() {
    tokens.grant("t", Optional.empty(), "mine/", "ours/");
    try (Http1Sse mine = follow("?source=mine/a");
        Http1Sse ours = follow("?source=ours/a")) {
      mine.next("caught-up");
      ours.next("caught-up");
      tokens.grant("t", Optional.empty(), "ours/");
      assertThat(mine.next("problem").json().get("code").textValue())
          .isEqualTo("PERMISSION_DENIED");
      assertThat(mine.rest()).isEmpty();
      ours.next("comment");
    }
  }

  @Test
  void aTokenThatCannotBeCheckedKeepsItsStreams() {
    tokens.grant("t", Optional.empty(), "mine/");
    try (Http1Sse client = follow("?source=mine/a")) {
      client.next("caught-up");
      tokens.known.put("t", () -> Tokens.refused(ProblemCode.UNAVAILABLE, "no leader"));
      int before = tokens.asked.get();
      await("it was asked for again", () -> tokens.asked.get() > before + 1);
      tokens.known.put("t", () -> CompletableFuture.failedFuture(new IllegalStateException("x")));
      int later = tokens.asked.get();
      await("it was asked for again", () -> tokens.asked.get() > later + 1);
      client.next("comment");
    }
  }

  @Test
  void streamsOfOneTokenAreCheckedTogether() {
    tokens.grant("t", Optional.empty(), "mine/");
    try (Http1Sse one = follow("?source=mine/a");
        Http1Sse two = follow("?source=mine/a");
        Http1Sse three = follow("?source=mine/a")) {
      List.of(one, two, three).forEach(client -> client.next("caught-up"));
      CompletableFuture<Caller> pending = new CompletableFuture<>();
      AtomicInteger checks = new AtomicInteger();
      tokens.known.put(
          "t",
          () -> {
            checks.incrementAndGet();
            return pending;
          });
      await("it is checked", () -> checks.get() > 0);
      List.of(one, two, three).forEach(client -> client.next("comment"));
      assertThat(checks.get()).isEqualTo(1);
      pending.completeExceptionally(
          new ProblemException(Problem.of(ProblemCode.UNAUTHENTICATED, "revoked")));
      List.of(one, two, three).forEach(client -> client.next("reauthenticate"));
    }
  }

  @Test
  void aTokenIsToldOfBeforeItEndsAndEndsItsStreams() {
    Instant expires = now.get().plus(Duration.ofMinutes(15));
    tokens.grant("t", Optional.of(expires), "mine/");
    try (Http1Sse client = follow("?source=mine/a")) {
      client.next("caught-up");
      assertThat(client.next().event()).isEqualTo("comment");
      now.set(expires.minusSeconds(60));
      assertThat(client.next("reauthenticate").json().get("expires").textValue())
          .isEqualTo(expires.toString());
      // Once only.
      assertThat(client.next().event()).isEqualTo("comment");
      assertThat(client.next().event()).isEqualTo("comment");
      now.set(expires);
      assertThat(client.next("reauthenticate").json().get("expires").textValue())
          .isEqualTo(expires.toString());
      assertThat(client.rest()).isEmpty();
    }
  }

  @Test
  void aTokenThatIsAboutToEndIsNotAnnounced() {
    Instant expires = now.get().plusSeconds(30);
    tokens.grant("t", Optional.of(expires), "mine/");
    try (Http1Sse client = follow("?source=mine/a")) {
      client.next("caught-up");
      assertThat(client.next().event()).isEqualTo("comment");
      now.set(expires);
      client.next("reauthenticate");
      assertThat(client.rest()).isEmpty();
    }
  }

  @Test
  void aClientHasItsPlaces() {
    tokens.grant("t", Optional.empty(), "mine/");
    Http1Sse one = follow("?source=mine/a");
    try (Http1Sse two = follow("?source=mine/a");
        Http1Sse three = follow("?source=mine/a");
        Http1Sse four = follow("?source=mine/a")) {
      assertThat(List.of(one.status(), two.status(), three.status(), four.status()))
          .containsExactly(200, 200, 200, 429);
      assertThat(four.body()).contains("this client has its 3 streams");
      one.close();
      await(
          "a place is free",
          () -> {
            try (Http1Sse again = follow("?source=mine/a")) {
              return again.status() == 200;
            }
          });
    }
  }
}
