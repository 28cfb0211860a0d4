package io.varve.client.aggregates;

import io.varve.client.AppendResult;
import io.varve.client.AppendResult.FailedCondition;
import java.util.List;
import java.util.Objects;

/**
 * What became of an update. Everything else is an exception.
 *
 * @param <S> the state
 */
public sealed interface UpdateResult<S> {

  /**
   * The events landed, right behind the state that was decided on.
   *
   * @param after the state with them
   * @param appended the log's answer
   * @param attempts how often it was decided; 1 or more
   * @param <S> the state
   */
  record Updated<S>(AggregateState<S> after, AppendResult.Appended appended, int attempts)
      implements UpdateResult<S> {
    public Updated {
      Objects.requireNonNull(after, "after");
      Objects.requireNonNull(appended, "appended");
    }
  }

  /**
   * There was nothing to append.
   *
   * @param current the state that was decided on; read from the log, not only from the cache
   * @param <S> the state
   */
  record Unchanged<S>(AggregateState<S> current) implements UpdateResult<S> {
    public Unchanged {
      Objects.requireNonNull(current, "current");
    }
  }

  /**
   * Others were faster, as often as it was tried. Nothing was appended.
   *
   * @param failed what was expected and found the last time
   * @param attempts how often it was decided
   * @param <S> the state
   */
  record Conflict<S>(List<FailedCondition> failed, int attempts) implements UpdateResult<S> {
    public Conflict {
      failed = List.copyOf(failed);
    }
  }
}
