package io.varve.client;

/**
 * Numbers are missing between what the log remembers of a buffer and the run: this attempt appended
 * nothing. Send the buffer again from {@link #expectedSequence()} on; whatever of it landed before
 * is skipped.
 */
public final class SequenceGapException extends VarveException {
  private static final long serialVersionUID = 1L;

  private final long expectedSequence;

  /**
   * Tests of applications may make their own.
   *
   * @param message for people
   * @param expectedSequence the number the log expects next
   */
  public SequenceGapException(String message, long expectedSequence) {
    super(ErrorCode.SEQUENCE_GAP, message, "", null);
    this.expectedSequence = expectedSequence;
  }

  /** The number the log expects next, from 1. */
  public long expectedSequence() {
    return expectedSequence;
  }
}
