package io.varve.node.pipeline;

import io.varve.proto.v1.Append;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * One append on its way through the pipeline. Subclasses take the answer; each instance is
 * submitted once and answered exactly once.
 *
 * <p>It is its own promise, because one future and one lambda per append is what the pipeline would
 * otherwise mostly allocate.
 */
public abstract class PendingAppend {

  /** Waits for its turn. Nothing of it has left the pipeline. */
  private static final int QUEUED = 0;

  /** Part of an entry that was given to Raft. */
  private static final int HANDED_OVER = 1;

  /** Answered, or withdrawn by whoever submitted it. */
  private static final int SETTLED = 2;

  private static final VarHandle STATE;

  static {
    try {
      STATE = MethodHandles.lookup().findVarHandle(PendingAppend.class, "state", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final Append append;
  private final int bytes;
  private final long deadlineNanos;

  /** When it was submitted; written before it is queued. */
  private long submittedNanos;

  @SuppressWarnings("UnusedVariable") // accessed through STATE
  private volatile int state = QUEUED;

  /**
   * An append to submit.
   *
   * @param append what to append; already validated
   * @param deadlineNanos when its caller gives up, on the {@link System#nanoTime()} scale
   */
  protected PendingAppend(Append append, long deadlineNanos) {
    this.append = append;
    this.bytes = append.getSerializedSize();
    this.deadlineNanos = deadlineNanos;
  }

  /**
   * Takes the answer. Called once, on the pipeline's thread or the submitting one; must be short
   * and must not block or throw.
   */
  protected abstract void answered(PipelineAnswer answer);

  /**
   * Takes the append back if nothing of it has left the pipeline yet.
   *
   * @return true if it was taken back: it was certainly not appended, and {@link #answered} will
   *     not be called. False if it was handed over or answered before.
   */
  public final boolean withdraw() {
    return STATE.compareAndSet(this, QUEUED, SETTLED);
  }

  /** The append. */
  public final Append append() {
    return append;
  }

  /** Its encoded size. */
  public final int bytes() {
    return bytes;
  }

  final void submittedAt(long nanos) {
    submittedNanos = nanos;
  }

  final long submittedNanos() {
    return submittedNanos;
  }

  final long deadlineNanos() {
    return deadlineNanos;
  }

  final boolean expired(long nowNanos) {
    return deadlineNanos - nowNanos <= 0;
  }

  /** From queued to handed over; false if it was withdrawn or answered meanwhile. */
  final boolean handOver() {
    return STATE.compareAndSet(this, QUEUED, HANDED_OVER);
  }

  final boolean isQueued() {
    return (int) STATE.getVolatile(this) == QUEUED;
  }

  /** Answers an append that still waits; does nothing otherwise. Returns whether it answered. */
  final boolean answerQueued(PipelineAnswer answer) {
    if (!STATE.compareAndSet(this, QUEUED, SETTLED)) {
      return false;
    }
    answered(answer);
    return true;
  }

  /**
   * Answers an append that was handed over; does nothing if it was answered before. Returns whether
   * it answered.
   */
  final boolean answerHandedOver(PipelineAnswer answer) {
    if (!STATE.compareAndSet(this, HANDED_OVER, SETTLED)) {
      return false;
    }
    answered(answer);
    return true;
  }
}
