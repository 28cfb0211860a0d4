package io.varve.gateway.sse;

import io.varve.client.VarveClient;
import java.util.HashMap;
import java.util.Map;

/**
 * All that streams share while the log has one identity: the client that insists on it, and the
 * subscriptions. When the log gets another identity, this is over and a new one begins, so that no
 * stream mixes two.
 */
final class History {
  final VarveClient client;

  /** By what they follow. Touched by the hub's thread only. */
  final Map<Selection, Feed> feeds = new HashMap<>();

  private volatile boolean over;

  History(VarveClient client) {
    this.client = client;
  }

  boolean isOver() {
    return over;
  }

  void end() {
    over = true;
  }
}
