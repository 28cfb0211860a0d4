package io.varve.gateway.identity;

import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;

/**
 * What the log says about a token that was revoked. Immutable.
 *
 * @param tokenId the token's {@code jti}
 * @param clientId the client it was for; empty if whoever revoked it did not know
 * @param expires when the token ends at the latest: from then on this says nothing more
 */
public record TokenRevocation(UUID tokenId, Optional<String> clientId, Instant expires) {
  public TokenRevocation {
    Objects.requireNonNull(tokenId, "tokenId");
    Objects.requireNonNull(expires, "expires");
    clientId.ifPresent(IdentityRecords::requireClientId);
  }
}
