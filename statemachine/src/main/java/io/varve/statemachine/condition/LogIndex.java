package io.varve.statemachine.condition;

/** Finds events by what they are labelled with, all of its walks going the same way. */
public interface LogIndex {

  /** Stops at the events with a label; nowhere if there is no such label. */
  Walk label(LabelKind kind, String value);

  /** Stops at the events of a source; nowhere if it does not exist. */
  Walk source(String source);
}
