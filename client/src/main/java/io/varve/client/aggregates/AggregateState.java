package io.varve.client.aggregates;

import java.util.Objects;

/**
 * A source's state, and of when it is.
 *
 * @param source the source
 * @param state its events up to {@code version}, folded
 * @param version the source's version; 0 = it does not exist
 * @param position the position of the newest event folded in; 0 = there is none
 * @param <S> the state
 */
public record AggregateState<S>(String source, S state, long version, long position) {
  public AggregateState {
    Objects.requireNonNull(source, "source");
    Objects.requireNonNull(state, "state");
  }
}
