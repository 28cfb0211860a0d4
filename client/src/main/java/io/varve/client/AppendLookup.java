package io.varve.client;

import java.util.Objects;
import java.util.Optional;

/**
 * What became of an append, looked up by its id.
 *
 * @param head the head at which this was answered
 * @param appended the original answer, marked replayed; empty = no append of that id has landed up
 *     to {@code head}. (An append still under way may land behind it.)
 */
public record AppendLookup(long head, Optional<AppendResult.Appended> appended) {
  public AppendLookup {
    Objects.requireNonNull(appended, "appended");
  }
}
