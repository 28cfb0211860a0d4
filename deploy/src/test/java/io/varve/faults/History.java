package io.varve.faults;

import io.varve.proto.v1.Append;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * What the clients of a test did and saw: every append with each of its sendings, every version
 * that was read. Thread-safe. {@link HistoryChecker} judges it against the log.
 */
final class History {
  private final Queue<Operation> operations = new ConcurrentLinkedQueue<>();
  private final Queue<VersionRead> reads = new ConcurrentLinkedQueue<>();

  /** One append and everything it was answered. Its events carry ids no other append's carry. */
  static final class Operation {
    private final Append append;
    private final long invokedNanos;
    private final List<Answer> answers = new ArrayList<>(2); // guarded by itself

    private Operation(Append append, long invokedNanos) {
      this.append = append;
      this.invokedNanos = invokedNanos;
    }

    Append append() {
      return append;
    }

    /** When it was first sent. */
    long invokedNanos() {
      return invokedNanos;
    }

    /** Every sending so far, in the order they ended. */
    List<Answer> answers() {
      synchronized (answers) {
        return List.copyOf(answers);
      }
    }

    /** Notes what a sending came to; call when it has ended. */
    Attempt answered(long sentNanos, Attempt attempt) {
      synchronized (answers) {
        answers.add(new Answer(attempt, sentNanos, System.nanoTime()));
      }
      return attempt;
    }

    /** Whether some sending was answered with a success. */
    boolean acknowledged() {
      return answers().stream().anyMatch(answer -> answer.attempt() instanceof Attempt.Landed);
    }

    /** Whether some sending's outcome is unknown. */
    boolean everUnknown() {
      return answers().stream().anyMatch(answer -> answer.attempt() instanceof Attempt.Unknown);
    }

    /** The id of its first event, which names it. */
    String name() {
      return append.getEvents(0).getId();
    }

    @Override
    public String toString() {
      return name();
    }
  }

  /**
   * What one sending came to.
   *
   * @param attempt the answer, or that there was none
   * @param sentNanos when it was sent
   * @param endedNanos when its answer, or its failure, was seen
   */
  record Answer(Attempt attempt, long sentNanos, long endedNanos) {}

  /**
   * A linearizable read of a source's version.
   *
   * @param source the source
   * @param version the version it was told
   * @param sentNanos when it was asked
   * @param endedNanos when it was answered
   */
  record VersionRead(String source, long version, long sentNanos, long endedNanos) {}

  /** Notes an append that is about to be sent for the first time. */
  Operation begin(Append append) {
    Operation operation = new Operation(append, System.nanoTime());
    operations.add(operation);
    return operation;
  }

  /** Notes a linearizable read that has just been answered. */
  void read(String source, long version, long sentNanos) {
    reads.add(new VersionRead(source, version, sentNanos, System.nanoTime()));
  }

  List<Operation> operations() {
    return List.copyOf(operations);
  }

  List<VersionRead> reads() {
    return List.copyOf(reads);
  }

  /** How many appends were acknowledged so far. */
  long acknowledged() {
    return operations.stream().filter(Operation::acknowledged).count();
  }
}
