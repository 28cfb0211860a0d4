package io.varve.client;

import java.util.List;
import java.util.Objects;

/**
 * Who wrote a run of local-first events, and which numbers of that buffer the run takes. An append
 * named by it may be repeated however often and cut however one likes: each number lands once and
 * in order.
 *
 * <p>Numbers are contiguous from 1 per client and buffer, and are never given to another event. The
 * run takes as many, from {@code firstSequence} on, as it has events and voids together, at most
 * 4,096; its events take those that are not voids, in order.
 *
 * @param clientId the client, 1 to 512 bytes of UTF-8
 * @param bufferId the client's buffer, 1 to 512 bytes of UTF-8; a new store has a new one
 * @param firstSequence the number of the run's first event or void, from 1
 * @param voids numbers of this run that are taken without an event, rising: so that an event that
 *     can never be accepted does not block its buffer for ever
 */
public record Origin(String clientId, String bufferId, long firstSequence, List<Long> voids)
    implements AppendRequest.Identity {

  public Origin {
    Objects.requireNonNull(clientId, "clientId");
    Objects.requireNonNull(bufferId, "bufferId");
    voids = List.copyOf(voids);
    if (clientId.isEmpty() || bufferId.isEmpty()) {
      throw new IllegalArgumentException("an origin has a client id and a buffer id");
    }
    if (firstSequence < 1) {
      throw new IllegalArgumentException("sequence numbers begin at 1: " + firstSequence);
    }
    long before = firstSequence - 1;
    for (long number : voids) {
      if (number <= before) {
        throw new IllegalArgumentException(
            "voids must rise, from " + firstSequence + " on: " + voids);
      }
      before = number;
    }
  }

  /** A run without voids. */
  public static Origin of(String clientId, String bufferId, long firstSequence) {
    return new Origin(clientId, bufferId, firstSequence, List.of());
  }
}
