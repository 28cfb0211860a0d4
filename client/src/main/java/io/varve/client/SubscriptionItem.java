package io.varve.client;

/** What a subscription delivers, in order. */
public sealed interface SubscriptionItem
    permits Event, SubscriptionItem.CaughtUp, SubscriptionItem.Checkpoint {

  /**
   * Everything up to a position has been delivered; what follows is live. Said again whenever the
   * subscription had fallen behind (or moved to another node) and has caught up again.
   *
   * @param position the position up to which everything has been delivered
   */
  record CaughtUp(long position) implements SubscriptionItem {}

  /**
   * A filter matched nothing more up to a position: a subscriber that remembers it resumes from
   * there instead of walking the stretch again.
   *
   * @param position the position to resume after
   */
  record Checkpoint(long position) implements SubscriptionItem {}
}
