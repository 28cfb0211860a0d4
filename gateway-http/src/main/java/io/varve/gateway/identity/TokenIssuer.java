package io.varve.gateway.identity;

import io.varve.client.AppendId;
import io.varve.client.AppendIdReusedException;
import io.varve.client.AppendRequest;
import io.varve.client.AppendResult;
import io.varve.client.Event;
import io.varve.client.FateUnknownException;
import io.varve.client.LatestOptions;
import io.varve.client.LatestPage;
import io.varve.client.LogIdentityMismatchException;
import io.varve.client.NewEvent;
import io.varve.client.OutOfRangeException;
import io.varve.client.ReadConsistency;
import io.varve.gateway.cluster.Cluster;
import io.varve.gateway.identity.SignedTexts.Claims;
import io.varve.gateway.identity.SignedTexts.Kind;
import io.varve.gateway.problem.Problem;
import io.varve.gateway.problem.ProblemCode;
import io.varve.gateway.problem.ProblemException;
import io.varve.gateway.problem.Problems;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * Makes challenges, exchanges them for tokens, and revokes tokens. Keeps nothing: a challenge is
 * signed, so that any gateway knows it, and exchanging one is an append that the challenge's own id
 * names, so that the log refuses it a second time whichever gateway asks. Thread-safe; never blocks
 * but to compute.
 */
final class TokenIssuer {

  /** How often an exchange decides anew because the client's record changed meanwhile. */
  private static final int ATTEMPTS = 5;

  /** Revocations of tokens that ended so long ago are of no use to any clock. */
  private static final Duration SWEPT_AFTER = Duration.ofHours(1);

  /** The most old revocations that one new one removes. */
  private static final int SWEEP = 50;

  private final Cluster cluster;
  private final IdentityOptions options;
  private final SignedTexts texts;
  private final IdentityCache identities;
  private final TokenAuthenticator authenticator;
  private final Clock clock;

  TokenIssuer(
      Cluster cluster,
      IdentityOptions options,
      SignedTexts texts,
      IdentityCache identities,
      TokenAuthenticator authenticator,
      Clock clock) {
    this.cluster = cluster;
    this.options = options;
    this.texts = texts;
    this.identities = identities;
    this.authenticator = authenticator;
    this.clock = clock;
  }

  /** What a client is to sign: ES256 over the UTF-8 of this. */
  static String toSign(String audience, String challenge) {
    return "varve-identity-v1\n" + audience + "\n" + challenge;
  }

  /** A challenge for a key. */
  CompletableFuture<Challenge> challenge(ClientKey key) {
    // The head makes it safe to forget the challenge once it has left the log's window of ids.
    return cluster
        .call(client -> client.headAsync(ReadConsistency.local()))
        .thenApply(
            head -> {
              Instant now = now();
              Instant expires = now.plus(options.challengeLifetime());
              return new Challenge(
                  texts.sign(
                      Kind.CHALLENGE,
                      UUID.randomUUID(),
                      key.clientId(),
                      now,
                      expires,
                      out -> {
                        out.writeNumberField("pos", head.position());
                        out.writeStringField("log", head.logIdentity().toString());
                      }),
                  expires);
            });
  }

  /**
   * Exchanges a signed challenge for a token. The future fails, and this throws, with a {@link
   * ProblemException} if that cannot be.
   */
  CompletableFuture<Token> exchange(ClientKey key, String challenge, byte[] signature) {
    Claims claims = texts.verify(Kind.CHALLENGE, challenge);
    if (!claims.clientId().equals(key.clientId())) {
      throw Kind.CHALLENGE.refused("was made for another key");
    }
    if (!key.verifies(toSign(options.audience(), challenge), signature)) {
      throw new ProblemException(
          Problem.of(
              ProblemCode.UNAUTHENTICATED,
              "the signature over 'varve-identity-v1', the audience and the challenge was not made"
                  + " with this key",
              "signature"));
    }
    UUID log;
    try {
      log = UUID.fromString(claims.all().path("log").asText());
    } catch (IllegalArgumentException e) {
      throw Kind.CHALLENGE.refused("lacks a claim");
    }
    AppendId once = new AppendId(claims.id(), claims.all().path("pos").asLong());
    return attempt(new Exchange(key, once, log, UUID.randomUUID()), ATTEMPTS)
        .exceptionally(
            failure -> {
              throw new CompletionException(refusal(Problems.unwrap(failure)));
            });
  }

  /** Revokes a token. */
  CompletableFuture<Void> revoke(Claims token) {
    TokenRevocation revocation =
        new TokenRevocation(
            token.id(),
            Optional.of(token.clientId()),
            token.expires().plusSeconds(SignedTexts.SKEW_SECONDS));
    return swept()
        .thenCompose(
            old -> {
              List<NewEvent> events = new ArrayList<>(old);
              events.add(IdentityRecords.event(revocation));
              return cluster.call(
                  client -> client.appendAsync(AppendRequest.of(events, List.of())));
            })
        .thenAccept(
            result ->
                identities.learn(
                    IdentityRecords.tokenKey(token.id()),
                    new Fact.RevokedToken(revocation),
                    result.orThrow().lastPosition()));
  }

  private CompletableFuture<Token> attempt(Exchange exchange, int left) {
    String clientId = exchange.key.clientId();
    return cluster
        .call(
            Optional.of(exchange.log),
            client ->
                client.readLatestPageAsync(
                    IdentityRecords.latest(IdentityRecords.clientKey(clientId))))
        .thenCompose(
            page -> {
              Instant now = now();
              Instant expires = now.plus(options.tokenLifetime());
              ClientRecord record = admit(exchange.key, page, now);
              List<NewEvent> events = new ArrayList<>();
              // The token's id is new: the same append from somebody else has other events.
              events.add(IdentityRecords.tokenIssued(clientId, exchange.tokenId, expires));
              if (page.events().isEmpty()) {
                events.add(IdentityRecords.event(IdentityRecords.CLIENT_REGISTERED, record));
              }
              AppendRequest request =
                  AppendRequest.builder()
                      .appendId(exchange.once)
                      .events(events)
                      .condition(IdentityRecords.unchanged(clientId, page.asOf()))
                      .build();
              return cluster
                  .call(client -> client.appendAsync(request))
                  .thenCompose(
                      result -> {
                        if (result instanceof AppendResult.Conflict) {
                          return again(exchange, left);
                        }
                        return CompletableFuture.completedFuture(
                            token(exchange, record, now, expires));
                      });
            });
  }

  /** Registered or revoked in this very moment: what holds now decides. */
  private CompletableFuture<Token> again(Exchange exchange, int left) {
    if (left <= 1) {
      throw new ProblemException(
          Problem.of(
                  ProblemCode.OVERLOADED,
                  "the client's record changes all the time; the challenge is still good")
              .retryAfter(Duration.ofSeconds(1)));
    }
    return attempt(exchange, left - 1);
  }

  private ClientRecord admit(ClientKey key, LatestPage page, Instant now) {
    Fact fact = Fact.of(page.events());
    if (fact instanceof Fact.Client known) {
      if (known.record().revoked()) {
        throw TokenAuthenticator.revoked(key.clientId());
      }
      return known.record();
    }
    if (fact instanceof Fact.Unreadable unreadable) {
      throw TokenAuthenticator.unreadable(unreadable);
    }
    if (!options.selfRegistration()) {
      throw new ProblemException(
          Problem.of(
              ProblemCode.CLIENT_UNKNOWN,
              "client '"
                  + key.clientId()
                  + "' is not registered, and keys may not register themselves here"));
    }
    return ClientRecord.registered(key, now);
  }

  private Token token(Exchange exchange, ClientRecord record, Instant now, Instant expires) {
    return new Token(
        record.clientId(),
        texts.sign(
            Kind.TOKEN,
            exchange.tokenId,
            record.clientId(),
            now,
            expires,
            out -> out.writeNumberField("gen", record.generation())),
        expires,
        authenticator.grants(record));
  }

  /** What says that the challenge was used, is from another history, or is too old to tell. */
  private static Throwable refusal(Throwable failure) {
    if (failure instanceof AppendIdReusedException) {
      return Kind.CHALLENGE.refused("was used before");
    }
    if (failure instanceof FateUnknownException) {
      return Kind.CHALLENGE.refused("is too old: it may have been used before");
    }
    boolean mismatch =
        failure instanceof LogIdentityMismatchException
            || failure instanceof OutOfRangeException
            || (failure instanceof ProblemException problem
                && problem.problem().code() == ProblemCode.LOG_IDENTITY_MISMATCH);
    return mismatch ? Kind.CHALLENGE.refused("was made with another log") : failure;
  }

  /** Tombstones for some revocations that say nothing more: a page from a random place on. */
  private CompletableFuture<List<NewEvent>> swept() {
    Instant before = clock.instant().minus(SWEPT_AFTER);
    LatestOptions some =
        LatestOptions.builder(ReservedSources.IDENTITY)
            .keyPrefix(IdentityRecords.TOKEN_PREFIX)
            .afterKey(IdentityRecords.tokenKey(UUID.randomUUID()))
            .pageSize(SWEEP)
            .consistency(ReadConsistency.local())
            .build();
    return cluster
        .call(client -> client.readLatestPageAsync(some))
        .thenApply(
            page ->
                page.events().stream()
                    .filter(event -> endedBefore(event, before))
                    .map(
                        event ->
                            NewEvent.builder(
                                    ReservedSources.IDENTITY, IdentityRecords.TOKEN_REVOKED)
                                .key(event.key())
                                .tombstone(true)
                                .build())
                    .toList())
        // Tidying up can wait, revoking cannot.
        .exceptionally(failure -> List.of());
  }

  private static boolean endedBefore(Event event, Instant time) {
    return Fact.of(event) instanceof Fact.RevokedToken token
        && token.revocation().expires().isBefore(time);
  }

  private Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.SECONDS);
  }

  /** A challenge, and until when it can be answered. */
  record Challenge(String text, Instant expires) {}

  /** A token, whose it is, until when, and what it lets do. */
  record Token(String clientId, String text, Instant expires, Grants grants) {}

  private record Exchange(ClientKey key, AppendId once, UUID log, UUID tokenId) {}
}
