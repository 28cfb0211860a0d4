package io.varve.gateway.identity;

import java.time.Instant;
import java.util.Objects;
import java.util.Optional;

/**
 * What the log says about a client. Immutable.
 *
 * @param clientId the client
 * @param revoked whether it was revoked: its tokens are refused and it gets no new ones
 * @param key its public key; empty if it was revoked before it was ever registered
 * @param grants what it may do, {@code {client}} not filled in; empty = what the gateway's default
 *     grants say
 * @param name what people call it; at most {@value #MAX_NAME} characters, may be empty
 * @param registered when it was first registered or revoked, by the clock of whoever did it
 * @param generation how many times it was revoked: tokens from before a revocation are not valid
 *     again when the client is
 */
public record ClientRecord(
    String clientId,
    boolean revoked,
    Optional<ClientKey> key,
    Optional<Grants> grants,
    String name,
    Instant registered,
    long generation) {

  /** The longest name, in characters. */
  public static final int MAX_NAME = 200;

  public ClientRecord {
    IdentityRecords.requireClientId(clientId);
    Objects.requireNonNull(key, "key");
    Objects.requireNonNull(grants, "grants");
    Objects.requireNonNull(registered, "registered");
    if (name.length() > MAX_NAME) {
      throw new IdentityFormatException(
          "name", "a name has at most " + MAX_NAME + " characters: " + name.length());
    }
    if (generation < 0) {
      throw new IdentityFormatException("generation", "a generation is never negative");
    }
    if (key.isPresent() && !key.get().clientId().equals(clientId)) {
      throw new IdentityFormatException("jwk", "the key is that of " + key.get().clientId());
    }
  }

  /** A client that is new. */
  public static ClientRecord registered(ClientKey key, Instant now) {
    return new ClientRecord(key.clientId(), false, Optional.of(key), Optional.empty(), "", now, 0);
  }

  /** A client that is revoked before anybody registered it: its key never can. */
  public static ClientRecord revoked(String clientId, Instant now) {
    return new ClientRecord(clientId, true, Optional.empty(), Optional.empty(), "", now, 1);
  }

  /** The same client, revoked. */
  public ClientRecord revoke() {
    return new ClientRecord(clientId, true, key, grants, name, registered, generation + 1);
  }

  /** The same client, valid again, or with its key now known. */
  public ClientRecord register(ClientKey key) {
    return new ClientRecord(
        clientId, false, Optional.of(key), grants, name, registered, generation);
  }

  /** With grants of its own. */
  public ClientRecord withGrants(Grants grants) {
    return new ClientRecord(
        clientId, revoked, key, Optional.of(grants), name, registered, generation);
  }

  /** With another name. */
  public ClientRecord withName(String name) {
    return new ClientRecord(clientId, revoked, key, grants, name, registered, generation);
  }
}
