package io.varve.client.localfirst;

import io.varve.client.Event;
import java.util.Collection;
import java.util.Locale;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * A fold of the application's own. All events of the source are kept, so that the state is made
 * again when the file is opened, by whatever the function is by then.
 */
final class ReduceFold<S> implements Fold<S> {

  private final S initial;
  private final BiFunction<S, LocalEvent, S> reduce;
  private S merged;
  private @Nullable LocalBufferException failure;

  ReduceFold(S initial, BiFunction<S, LocalEvent, S> reduce) {
    this.initial = initial;
    this.reduce = reduce;
    this.merged = initial;
  }

  @Override
  public String kind() {
    return "events";
  }

  @Override
  public boolean latestOnly() {
    return false;
  }

  @Override
  public void reset() {
    merged = initial;
    failure = null;
  }

  @Override
  public void apply(Event event) {
    if (failure != null) {
      return;
    }
    try {
      merged = next(merged, LocalEvent.of(event));
    } catch (RuntimeException e) {
      // The function's mistake must not stop what other sources, and the push, need to go on.
      failure =
          new LocalBufferException(
              "reduce failed at position " + event.position() + " of " + event.source() + ": " + e,
              e);
    }
  }

  @Override
  public String keptAs(Event event) {
    return String.format(Locale.ROOT, "%016x", event.position());
  }

  @Override
  public S with(Collection<LocalEvent> overlay) {
    if (failure != null) {
      throw failure;
    }
    S state = merged;
    for (LocalEvent event : overlay) {
      state = next(state, event);
    }
    return state;
  }

  private S next(S state, LocalEvent event) {
    S next = reduce.apply(state, event);
    if (next == null) {
      throw new IllegalStateException("reduce returned null");
    }
    return next;
  }
}
