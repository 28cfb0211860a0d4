package io.varve.client;

/**
 * Receives what a subscription delivers, one call at a time, in order. It may block: then the
 * server waits.
 */
@FunctionalInterface
public interface SubscriptionListener {

  /**
   * The next event. An exception thrown here ends the subscription and is handed to {@link
   * #onError}.
   */
  void onEvent(Event event);

  /** Everything up to a position has been delivered; what follows is live. */
  default void onCaughtUp(long position) {}

  /** Nothing that matches lies up to a position: resume from there. */
  default void onCheckpoint(long position) {}

  /**
   * The subscription has failed for good; nothing more comes. Node loss is not that: it resumes by
   * itself.
   *
   * @param error a {@link VarveException}, or what {@link #onEvent} threw
   */
  default void onError(Throwable error) {}
}
