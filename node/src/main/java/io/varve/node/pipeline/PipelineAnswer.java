package io.varve.node.pipeline;

import io.varve.statemachine.Outcome;

/** What became of an append that was given to the pipeline. */
public sealed interface PipelineAnswer {

  /**
   * The state machine decided it.
   *
   * @param outcome the decision
   */
  record Decided(Outcome outcome) implements PipelineAnswer {}

  /**
   * Certain: this attempt appended nothing and never will.
   *
   * @param reason why
   * @param message for people
   */
  record NotAppended(Reason reason, String message) implements PipelineAnswer {}

  /**
   * It was handed over and its answer was lost: it may have landed, or may land yet.
   *
   * @param message for people
   */
  record Unknown(String message) implements PipelineAnswer {}

  /** Why an append was not appended. */
  enum Reason {
    /** This node does not lead, or no longer does. Another may take the append. */
    NOT_LEADER,
    /** The queue is full. */
    OVERLOADED,
    /** The append's deadline passed while it was still queued. */
    DEADLINE_EXCEEDED,
    /** The pipeline is closed or closing. */
    CLOSED
  }
}
