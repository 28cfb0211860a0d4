package io.varve.node.pipeline;

import io.varve.proto.replicated.v1.Command;
import io.varve.statemachine.Outcome;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One entry that was handed over: its appends, and in time how it went. */
final class InFlightEntry {

  private final List<PendingAppend> appends;
  private final Command command;
  private final int bytes;
  private final long handedOverNanos;
  private final long earliestDeadlineNanos;
  private @Nullable List<Outcome> outcomes;
  private @Nullable Throwable failure;

  /**
   * An entry about to be handed over.
   *
   * @param bytes of its appends
   * @param handedOverNanos now
   */
  InFlightEntry(
      List<PendingAppend> appends,
      Command command,
      int bytes,
      long handedOverNanos,
      long earliestDeadlineNanos) {
    this.appends = appends;
    this.command = command;
    this.bytes = bytes;
    this.handedOverNanos = handedOverNanos;
    this.earliestDeadlineNanos = earliestDeadlineNanos;
  }

  Command command() {
    return command;
  }

  List<PendingAppend> appends() {
    return appends;
  }

  /** The size of its appends. */
  int bytes() {
    return bytes;
  }

  /** When it was handed over. */
  long handedOverNanos() {
    return handedOverNanos;
  }

  /** Notes how it went. Called once, before the entry is passed to the pipeline's thread. */
  void settle(@Nullable List<Outcome> entryOutcomes, @Nullable Throwable entryFailure) {
    this.outcomes = entryOutcomes;
    this.failure = entryFailure;
  }

  @Nullable List<Outcome> outcomes() {
    return outcomes;
  }

  @Nullable Throwable failure() {
    return failure;
  }

  boolean hasExpired(long nowNanos) {
    return earliestDeadlineNanos - nowNanos <= 0;
  }
}
