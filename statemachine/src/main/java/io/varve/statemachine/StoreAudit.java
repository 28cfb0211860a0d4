package io.varve.statemachine;

import com.google.protobuf.ByteString;
import io.varve.statemachine.audit.StoreAuditor;
import java.nio.file.Path;
import java.util.List;

/**
 * Checks a store against itself: recomputes the chain hash from the event records and compares
 * every index with them, both ways.
 *
 * <p>It proves that the records are those that the chain hash in {@code meta} was computed from and
 * that reads, conditions and retries will find exactly them. Two things it cannot see alone: a
 * history altered together with its chain hash (compare with another node's), and a remembered
 * append id that vanished without a trace, since nothing else in the store says that it was there.
 */
public final class StoreAudit {

  /** A report lists no more problems than this; the others are counted. */
  public static final int MOST_PROBLEMS = 100;

  private StoreAudit() {}

  /**
   * What an audit found.
   *
   * @param head the newest position that an event record stands at; 0 = none
   * @param chainPosition the position of {@code chainHash}
   * @param chainHash the chain hash there, recomputed from the event records; 64 hexadecimal digits
   * @param appliedTerm the Raft term of the newest applied entry; 0 = none
   * @param appliedIndex its Raft index; −1 = none
   * @param logIdentity the log identity, 16 bytes; empty when the log is not founded
   * @param problems what does not fit together, each naming column family and key; at most {@value
   *     #MOST_PROBLEMS}
   * @param problemCount how many problems there are, listed or not
   */
  public record Report(
      long head,
      long chainPosition,
      String chainHash,
      long appliedTerm,
      long appliedIndex,
      ByteString logIdentity,
      List<String> problems,
      long problemCount) {
    public Report {
      problems = List.copyOf(problems);
    }

    /** Whether nothing is wrong. */
    public boolean clean() {
      return problemCount == 0;
    }
  }

  /**
   * Audits the store in a directory. Reads all of it and changes nothing.
   *
   * <p>The store may be open elsewhere; then what is audited is what it had flushed, and files it
   * deletes meanwhile can make the audit fail: audit a checkpoint instead.
   *
   * @throws EmptyStoreException if nothing was ever flushed to it
   * @throws StoreException if there is no store, or it cannot be opened at all
   */
  public static Report run(Path directory) {
    return run(directory, Long.MAX_VALUE);
  }

  /**
   * Audits the store in a directory, and reports the chain hash at a position, so that stores that
   * have come to different heads can be compared.
   *
   * @param chainPosition the position; the head if that is lower
   * @throws EmptyStoreException if nothing was ever flushed to it
   * @throws StoreException if there is no store, or it cannot be opened at all
   */
  public static Report run(Path directory, long chainPosition) {
    return StoreAuditor.run(directory, chainPosition);
  }
}
