package io.varve.client.localfirst;

import java.util.Objects;

/**
 * What a source looks like here and now.
 *
 * @param <S> the state's type
 * @param state the merged state with this buffer's own events on top that have not come back from
 *     the log
 * @param pending how many of this source's own events have not landed yet
 * @param position up to which position of the log everything of the source is in the merged state
 * @param caughtUp whether that was the head when it was last heard of, in this run of the process
 */
public record LocalView<S>(S state, int pending, long position, boolean caughtUp) {
  public LocalView {
    Objects.requireNonNull(state, "state");
  }
}
