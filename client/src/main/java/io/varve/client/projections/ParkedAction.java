package io.varve.client.projections;

/** What was asked to be done with a parked source. */
public enum ParkedAction {
  /** Nothing: it stays parked. */
  NONE,
  /** Replay what is parked, the failed event first. */
  RESUME,
  /** Leave out the failed event, then replay the rest. */
  SKIP_EVENT,
  /** Leave out everything that is parked so far. */
  SKIP_ALL
}
