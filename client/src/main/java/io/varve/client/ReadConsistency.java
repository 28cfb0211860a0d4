package io.varve.client;

/**
 * How fresh a read must be.
 *
 * @param answersLocally whether the answering node may answer from what it has applied, without
 *     asking the leader for a read index. A local answer is never wrong, but may be old
 * @param atLeast answer only once this position has been applied there; 0 = none
 */
public record ReadConsistency(boolean answersLocally, long atLeast) {

  private static final ReadConsistency LINEARIZABLE = new ReadConsistency(false, 0);
  private static final ReadConsistency LOCAL = new ReadConsistency(true, 0);

  public ReadConsistency {
    if (atLeast < 0) {
      throw new IllegalArgumentException("a position is never negative: " + atLeast);
    }
  }

  /** Everything acknowledged to anyone before the read is seen. The default. */
  public static ReadConsistency linearizable() {
    return LINEARIZABLE;
  }

  /** Whatever the answering node has applied. */
  public static ReadConsistency local() {
    return LOCAL;
  }

  /**
   * Whatever the answering node has applied, once that includes this position: read your own
   * writes, on any node.
   */
  public static ReadConsistency atLeast(long position) {
    return new ReadConsistency(true, position);
  }
}
