package io.varve.client;

import java.util.Objects;
import java.util.UUID;

/**
 * Names one append across its retries: repeating it is answered with the original answer.
 *
 * <p>The client gives every append one by itself. A caller needs its own only to repeat an append
 * beyond the life of the client, for example from an outbox: take one from {@link
 * VarveClient#newAppendId()}, store it with the events, and use it for every attempt.
 *
 * @param id the append id
 * @param knownPosition a head that the caller knew before it first sent the append, and the same on
 *     every attempt. It lets the log refuse an id it may have forgotten ({@link
 *     FateUnknownException}) rather than write twice; so it must never be made newer on a retry
 */
public record AppendId(UUID id, long knownPosition) {

  public AppendId {
    Objects.requireNonNull(id, "id");
    if (knownPosition < 0) {
      throw new IllegalArgumentException("a position is never negative: " + knownPosition);
    }
  }
}
