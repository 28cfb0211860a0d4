package io.varve.statemachine.condition;

import io.varve.statemachine.Outcome.ConflictingEvent;

/**
 * The log as conditions see it: everything up to the append being decided, earlier appends of the
 * same entry included.
 */
public interface LogView {

  /** The newest position; 0 = the log is empty. */
  long head();

  /** How many events a source has; 0 = it does not exist. */
  long version(String source);

  /** The position of the newest event of a source that exists. */
  long newestPosition(String source);

  /** What a conflict says about the event at a position, 1 to the head. */
  ConflictingEvent describe(long position);

  /** Finds events walking backward from the head. */
  LogIndex backward();
}
