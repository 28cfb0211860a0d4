package io.varve.node.api;

import io.grpc.Context;
import io.grpc.Deadline;
import io.varve.node.routing.Deadlines;
import java.util.concurrent.TimeUnit;

/** When a call must have its answer, on the {@link System#nanoTime()} scale. */
final class CallDeadline {

  /** What a caller gets that names no deadline. */
  static final long DEFAULT_MILLIS = 10_000;

  private CallDeadline() {}

  /**
   * Of the current unary call or stream opening: a little before the gRPC deadline, so that the
   * precise answer reaches the caller before its own library gives up.
   */
  static long ofCurrentCall() {
    Deadline deadline = Context.current().getDeadline();
    if (deadline == null) {
      return inMillis(DEFAULT_MILLIS);
    }
    long left = deadline.timeRemaining(TimeUnit.MILLISECONDS);
    return inMillis(left - Deadlines.marginMillis(left));
  }

  /** Of an append on a stream that arrived now. */
  static long ofStreamed(int timeoutMillis) {
    return inMillis(timeoutMillis == 0 ? DEFAULT_MILLIS : Integer.toUnsignedLong(timeoutMillis));
  }

  private static long inMillis(long millis) {
    return System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
  }
}
