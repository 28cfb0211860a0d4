package io.varve.gateway.identity;

import io.varve.gateway.problem.Problem;
import io.varve.gateway.problem.ProblemCode;
import io.varve.gateway.problem.ProblemException;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;

/**
 * Who makes a request.
 *
 * @param clientId the client its token names; empty in open mode, where callers may name any
 * @param grants what it may do, {@code {client}} filled in
 * @param expires when its token ends; empty in open mode
 */
public record Caller(Optional<String> clientId, Grants grants, Optional<Instant> expires) {

  public Caller {
    Objects.requireNonNull(clientId, "clientId");
    Objects.requireNonNull(grants, "grants");
    Objects.requireNonNull(expires, "expires");
  }

  /**
   * The client whose origin an event may carry: the token's, or in open mode the one named.
   *
   * @param named the client that the request names, if it names one
   * @throws ProblemException if the request names another client than the token does, or none in
   *     open mode
   */
  public String origin(Optional<String> named) {
    if (clientId.isEmpty()) {
      return named.orElseThrow(
          () ->
              new ProblemException(
                  Problem.invalid("clientId", "in open mode the request must name its clientId")));
    }
    if (named.isPresent() && !named.equals(clientId)) {
      throw new ProblemException(
          Problem.of(
              ProblemCode.PERMISSION_DENIED,
              "the token is of client '" + clientId.get() + "', not of '" + named.get() + "'",
              "clientId"));
    }
    return clientId.get();
  }

  /** Passes if the source may be read. */
  public void requireRead(String source, String field) {
    if (ReservedSources.isReserved(source)) {
      requireReadEverything("reading the gateway's own source '" + source + "'");
      return;
    }
    require(grants.mayRead(source), "read", source, field);
  }

  /** Passes if the source may be appended to: one of the gateway's own may not be by anybody. */
  public void requireAppend(String source, String field) {
    if (ReservedSources.isReserved(source)) {
      throw new ProblemException(
          Problem.of(
              ProblemCode.PERMISSION_DENIED,
              "sources that begin with '"
                  + ReservedSources.PREFIX
                  + "' are the gateway's own; nobody may append to '"
                  + source
                  + "' through it",
              field));
    }
    require(grants.mayAppend(source), "append to", source, field);
  }

  /** Passes if every source may be read. */
  public void requireReadEverything(String what) {
    if (!grants.mayReadEverything()) {
      throw new ProblemException(
          Problem.of(
              ProblemCode.PERMISSION_DENIED, what + " needs the grant to read every source ('*')"));
    }
  }

  private static void require(boolean granted, String what, String source, String field) {
    if (!granted) {
      throw new ProblemException(
          Problem.of(
              ProblemCode.PERMISSION_DENIED,
              "no grant lets this client " + what + " source '" + source + "'",
              field));
    }
  }
}
