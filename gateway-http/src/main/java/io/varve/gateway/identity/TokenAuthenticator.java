package io.varve.gateway.identity;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.linecorp.armeria.common.RequestHeaders;
import io.varve.client.VarveException;
import io.varve.gateway.identity.SignedTexts.Claims;
import io.varve.gateway.identity.SignedTexts.Kind;
import io.varve.gateway.problem.Problem;
import io.varve.gateway.problem.ProblemCode;
import io.varve.gateway.problem.ProblemException;
import io.varve.gateway.problem.Problems;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Knows callers by their tokens. Thread-safe; never blocks. */
final class TokenAuthenticator implements Authenticator {
  private static final Logger LOG = LoggerFactory.getLogger(TokenAuthenticator.class);

  /** The most tokens whose signatures are not checked again at every request; some 3 KiB each. */
  private static final int MAX_VERIFIED = 5_000;

  private static final Duration RETRY = Duration.ofSeconds(1);

  private final SignedTexts texts;
  private final IdentityCache identities;
  private final Grants defaultGrants;
  private final Cache<String, Claims> verified =
      Caffeine.newBuilder().maximumSize(MAX_VERIFIED).build();

  TokenAuthenticator(SignedTexts texts, IdentityCache identities, Grants defaultGrants) {
    this.texts = texts;
    this.identities = identities;
    this.defaultGrants = defaultGrants;
  }

  @Override
  public CompletableFuture<Caller> authenticate(RequestHeaders headers) {
    return identify(headers).thenApply(Identified::caller);
  }

  /** The caller, and what its token says. */
  CompletableFuture<Identified> identify(RequestHeaders headers) {
    Claims claims;
    try {
      claims = verify(Credentials.token(headers).orElseThrow(() -> Credentials.missing(headers)));
    } catch (ProblemException e) {
      return CompletableFuture.failedFuture(e);
    }
    return identities
        .newest(IdentityRecords.clientKey(claims.clientId()))
        .thenCombine(
            identities.newest(IdentityRecords.tokenKey(claims.id())),
            (client, token) -> identified(claims, client, token))
        .exceptionally(
            failure -> {
              throw cannotTell(failure);
            });
  }

  /** What a client whose record says this may do. */
  Grants grants(ClientRecord record) {
    return record.grants().orElse(defaultGrants).of(record.clientId());
  }

  /** What is said when the log holds something else than a record. */
  static ProblemException unreadable(Fact.Unreadable record) {
    LOG.error("nobody is let in by a record that cannot be read: {}", record.why());
    return new ProblemException(
        Problem.of(ProblemCode.INTERNAL, "the client's record in the log cannot be read"));
  }

  static ProblemException revoked(String clientId) {
    return new ProblemException(
        Problem.of(ProblemCode.CLIENT_REVOKED, "client '" + clientId + "' was revoked"));
  }

  private Claims verify(String token) {
    Claims known = verified.getIfPresent(token);
    if (known == null) {
      known = texts.verify(Kind.TOKEN, token);
      verified.put(token, known);
      return known;
    }
    texts.requireKey(Kind.TOKEN, known);
    texts.requireTime(Kind.TOKEN, known);
    return known;
  }

  private Identified identified(Claims claims, Fact client, Fact token) {
    if (client instanceof Fact.Unreadable unreadable) {
      throw unreadable(unreadable);
    }
    if (!(client instanceof Fact.Client known)) {
      // Another log than when the token was issued: a new token, maybe, but not this one.
      throw Kind.TOKEN.refused("is of a client that is not registered in this log");
    }
    ClientRecord record = known.record();
    if (record.revoked()) {
      throw revoked(record.clientId());
    }
    if (claims.all().path("gen").asLong(-1) != record.generation()) {
      throw Kind.TOKEN.refused("is from before its client was revoked");
    }
    if (token != Fact.Nothing.INSTANCE) {
      throw Kind.TOKEN.refused("was revoked");
    }
    return new Identified(
        new Caller(Optional.of(record.clientId()), grants(record), Optional.of(claims.expires())),
        claims);
  }

  /** Whatever keeps the gateway from knowing whether a client may in, it stays out. */
  private static CompletionException cannotTell(Throwable failure) {
    Throwable cause = Problems.unwrap(failure);
    if (cause instanceof VarveException varve) {
      return new CompletionException(
          new ProblemException(
              switch (varve.code()) {
                case OVERLOADED -> Problems.of(varve);
                default ->
                    Problem.of(
                            ProblemCode.UNAVAILABLE,
                            "the gateway cannot look up the client: " + varve.getMessage())
                        .retryAfter(RETRY);
              }));
    }
    return new CompletionException(cause);
  }

  /** A caller, and what its token says. */
  record Identified(Caller caller, Claims claims) {}
}
