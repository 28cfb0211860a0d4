package io.varve.client.aggregates;

import java.util.Objects;
import java.util.UUID;

/**
 * A state that was stored, so that not all events need to be folded again.
 *
 * @param state the state
 * @param version the source's version it stands for; 1 or more
 * @param position the position of the newest event folded in
 * @param logIdentity of which log; a snapshot of another history is not used
 * @param foldVersion by which {@link Aggregate#foldVersion}; one of another is not used
 * @param <S> the state
 */
public record Snapshot<S>(S state, long version, long position, UUID logIdentity, int foldVersion) {
  public Snapshot {
    Objects.requireNonNull(state, "state");
    Objects.requireNonNull(logIdentity, "logIdentity");
  }
}
