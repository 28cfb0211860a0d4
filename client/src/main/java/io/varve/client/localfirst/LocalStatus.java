package io.varve.client.localfirst;

import java.util.Objects;
import java.util.Optional;

/**
 * How a buffer is doing.
 *
 * @param state in one word
 * @param pending how many of its events have not landed yet, rejected ones included
 * @param rejected how many of those the log refuses for good; the events behind the first of them
 *     wait
 * @param lastError what went wrong last and is not over yet
 */
public record LocalStatus(
    State state, long pending, long rejected, Optional<LocalProblem> lastError) {

  public LocalStatus {
    Objects.requireNonNull(state, "state");
    Objects.requireNonNull(lastError, "lastError");
  }

  /** In one word. */
  public enum State {
    /** A gateway answers, everything has landed, and every open source is caught up. */
    ONLINE,
    /** A gateway answers, and there is something to push or to pull. */
    SYNCING,
    /** No gateway answers (yet), or none lets this client in. Appending goes on. */
    OFFLINE,
    /**
     * An event is refused for good: see {@link LocalBuffer#rejected()}. Said whether a gateway
     * answers or not, because somebody has to decide.
     */
    REJECTED
  }
}
