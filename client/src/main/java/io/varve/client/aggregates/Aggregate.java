package io.varve.client.aggregates;

import io.varve.client.Event;
import java.util.Objects;
import java.util.function.BiFunction;

/**
 * How the events of one source become a state. Its methods are pure: the same for the same
 * arguments, without side effects. Thread-safe.
 *
 * @param <S> the state; immutable, since it is shared by whoever asks for it
 */
public interface Aggregate<S> {

  /** The state of a source without events. */
  S initial();

  /**
   * The state after an event.
   *
   * @param event an object of a registered event type, of its newest generation
   */
  S apply(S state, Object event);

  /** The state after an event that this program has no class for. The same, unless overridden. */
  default S applyUnknown(S state, Event event) {
    return state;
  }

  /** The source type that new events are labelled with; empty = none. */
  default String sourceType() {
    return "";
  }

  /**
   * Which version of the fold this is. Raise it whenever the same events give another state:
   * snapshots of another version are not used.
   */
  default int foldVersion() {
    return 1;
  }

  /** A fold given as a function. */
  static <S> Aggregate<S> of(S initial, BiFunction<? super S, Object, ? extends S> apply) {
    Objects.requireNonNull(initial, "initial");
    Objects.requireNonNull(apply, "apply");
    return new Aggregate<>() {
      @Override
      public S initial() {
        return initial;
      }

      @Override
      public S apply(S state, Object event) {
        return apply.apply(state, event);
      }
    };
  }
}
