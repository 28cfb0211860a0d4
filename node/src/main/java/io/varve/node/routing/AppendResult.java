package io.varve.node.routing;

import io.varve.proto.v1.AppendStreamResponse;
import io.varve.proto.v1.Error;

/** How one attempt at an append went. */
sealed interface AppendResult {

  /** To be told to the caller. */
  record Answered(AppendStreamResponse response, Effect effect) implements AppendResult {}

  /**
   * Certainly not appended by this attempt, and another may be made.
   *
   * @param error what to tell the caller if none is
   */
  record Returned(Error error) implements AppendResult {}

  /** What an answered append did to the log. */
  enum Effect {
    /** Nothing. */
    NONE,
    /** It landed. */
    LANDED,
    /** Not known. */
    UNKNOWN
  }
}
