package io.varve.node.routing;

/** Where a session hands its appends, in order. Used by one thread at a time. */
interface Route {

  /** Hands an append over; its result comes through the slot. Never blocks. */
  void send(Slot slot);

  /** Whether this still leads to the leader, as far as this node knows. */
  boolean leadsToLeader();

  /** Nothing more will be sent. What was sent is still answered. */
  void finish();

  /** Nothing more will be sent, and nobody waits for what was sent. */
  void abandon();
}
