package io.varve.gateway.http;

import io.varve.gateway.problem.Problem;
import io.varve.gateway.problem.ProblemCode;
import io.varve.gateway.problem.ProblemException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/** Bounds the bytes that requests hold in memory together. Thread-safe. */
final class ByteBudget {
  private static final Duration RETRY = Duration.ofSeconds(1);

  private final String what;
  private final long limit;
  private final AtomicLong taken = new AtomicLong();

  /**
   * A budget of which nothing is taken.
   *
   * @param what what the bytes are, for people
   * @param limit how many there are
   */
  ByteBudget(String what, long limit) {
    this.what = what;
    this.limit = limit;
  }

  /**
   * Takes bytes, until the returned action is run (a second time changes nothing).
   *
   * @throws ProblemException {@code OVERLOADED} when there are not as many left
   */
  Runnable take(long bytes) {
    if (taken.addAndGet(bytes) > limit) {
      taken.addAndGet(-bytes);
      throw new ProblemException(
          Problem.of(
                  ProblemCode.OVERLOADED,
                  "the gateway holds as many bytes of " + what + " as it may: " + limit)
              .retryAfter(RETRY));
    }
    AtomicBoolean released = new AtomicBoolean();
    return () -> {
      if (released.compareAndSet(false, true)) {
        taken.addAndGet(-bytes);
      }
    };
  }

  /** How many are taken now. */
  long taken() {
    return taken.get();
  }
}
