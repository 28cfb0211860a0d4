package io.varve.client;

import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;

/**
 * The head of a log.
 *
 * @param position the position of the newest committed event; 0 = the log is empty
 * @param recorded the recorded time of that event; empty when the log is
 * @param logIdentity the log's identity
 */
public record Head(long position, Optional<Instant> recorded, UUID logIdentity) {
  public Head {
    Objects.requireNonNull(recorded, "recorded");
    Objects.requireNonNull(logIdentity, "logIdentity");
  }
}
