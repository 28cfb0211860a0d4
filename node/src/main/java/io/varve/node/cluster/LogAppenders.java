package io.varve.node.cluster;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The leader's senders to its followers; empty on other roles. Thread-safe. */
final class LogAppenders {

  private final Set<TrackedAppender> appenders = ConcurrentHashMap.newKeySet();

  void add(TrackedAppender appender) {
    appenders.add(appender);
  }

  void remove(TrackedAppender appender) {
    appenders.remove(appender);
  }

  /** Has every follower told the commit index now that does not know it yet. */
  void announceCommit() {
    for (TrackedAppender appender : appenders) {
      if (appender.owesCommitIndex()) {
        appender.triggerHeartbeat();
      }
    }
  }
}
