package io.varve.client;

/**
 * How far a client's buffer has landed.
 *
 * @param lastSequence the highest number that has landed, as an event or a void; 0 = none
 * @param head the head at which this was answered
 */
public record OriginProgress(long lastSequence, long head) {

  /** The number the log expects next. */
  public long nextSequence() {
    return lastSequence + 1;
  }
}
