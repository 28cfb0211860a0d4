package io.varve.node.cluster;

import io.varve.proto.replicated.v1.Command;
import io.varve.statemachine.Outcome;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * What the append pipeline and the read path need of the Raft group: hand over an entry, learn its
 * outcomes, take a read index. Thread-safe.
 */
public interface Replicator {

  /** Whether this node leads and may be handed entries now. May be out of date at once. */
  boolean leads();

  /** The id of the node this one takes for the leader, if it knows one. */
  Optional<String> leader();

  /**
   * Replicates one entry and applies it.
   *
   * <p>The future completes with one outcome per append, in order, after the entry is fsynced on a
   * majority and applied here. It completes exceptionally with {@link NotAppendedException} when
   * the entry is certainly in no log and never will be, and with {@link OutcomeUnknownException} in
   * every other case. Completion may run on the apply thread: continuations must be short and must
   * not block.
   *
   * @param command the entry; at most 4 MiB and a little
   */
  CompletableFuture<List<Outcome>> replicate(Command command);

  /**
   * Takes a read index from the leader and waits until this node has applied it. Whatever was
   * acknowledged anywhere before this call is visible to reads after it completes. Completes
   * exceptionally with {@link NotAppendedException} when no majority answers in time. Concurrent
   * calls share rounds. Completion may run on the apply thread: see {@link #replicate}.
   */
  CompletableFuture<Void> readBarrier();

  /** Tells followers the commit index at once; called when the pipe falls idle after a commit. */
  void announceCommit();

  /** Certain: the entry is in no log and never will be (or a read could not be served). */
  final class NotAppendedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public NotAppendedException(String message) {
      super(message);
    }
  }

  /**
   * The entry was handed to Raft and its fate is not known here: it may be in the log, now or
   * later.
   */
  final class OutcomeUnknownException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public OutcomeUnknownException(String message, Throwable cause) {
      super(message, cause);
    }
  }
}
