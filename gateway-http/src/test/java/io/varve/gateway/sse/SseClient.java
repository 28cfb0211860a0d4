package io.varve.gateway.sse;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** A client of a stream that reads when it is asked to. */
public interface SseClient extends AutoCloseable {

  /** The next thing said, waiting up to a minute; empty = the stream has ended. */
  Optional<Said> poll();

  /** Cuts the connection. */
  @Override
  void close();

  /** The next thing said. */
  default Said next() {
    return poll().orElseThrow(() -> new AssertionError("the stream has ended"));
  }

  /** The next thing of this name; what comes before is passed over. */
  default Said next(String event) {
    return until(said -> said.event().equals(event)).orElseThrow(() -> new AssertionError(event));
  }

  /** How long something may be waited for while others are said. */
  Duration PATIENCE = Duration.ofMinutes(5);

  /** Reads up to the first that matches; empty = the stream has ended without. */
  default Optional<Said> until(Predicate<Said> wanted) {
    long begin = System.nanoTime();
    for (Optional<Said> said = poll(); said.isPresent(); said = poll()) {
      if (wanted.test(said.get())) {
        return said;
      }
      if (System.nanoTime() - begin > PATIENCE.toNanos()) {
        throw new AssertionError("not within " + PATIENCE + "; the last was " + said.get());
      }
    }
    return Optional.empty();
  }

  /** The positions of the next events. */
  default List<Long> positions(int count) {
    List<Long> positions = new ArrayList<>();
    while (positions.size() < count) {
      positions.add(next("message").position());
    }
    return positions;
  }

  /** All that is said until the stream ends. */
  default List<Said> rest() {
    List<Said> rest = new ArrayList<>();
    for (Optional<Said> said = poll(); said.isPresent(); said = poll()) {
      rest.add(said.get());
    }
    return rest;
  }
}
