package io.varve.node.cluster;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.ratis.server.leader.LogAppender;

/** The leader's senders to its followers; empty on other roles. Thread-safe. */
final class LogAppenders {

  private final Set<LogAppender> appenders = ConcurrentHashMap.newKeySet();

  void add(LogAppender appender) {
    appenders.add(appender);
  }

  void remove(LogAppender appender) {
    appenders.remove(appender);
  }

  /** Has every follower told the commit index now. */
  void heartbeat() {
    appenders.forEach(LogAppender::triggerHeartbeat);
  }
}
