package io.varve.node.cluster;

import java.time.Duration;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto;
import org.apache.ratis.proto.RaftProtos.AppendEntriesReplyProto.AppendResult;
import org.apache.ratis.server.leader.FollowerInfo;

/** The leader's senders to its followers; empty on other roles. Thread-safe. */
final class LogAppenders {

  private final Set<TrackedAppender> appenders = ConcurrentHashMap.newKeySet();
  private final Set<Confirmation> confirmations = ConcurrentHashMap.newKeySet();

  void add(TrackedAppender appender) {
    appenders.add(appender);
  }

  void remove(TrackedAppender appender) {
    appenders.remove(appender);
  }

  /** Shows every follower. */
  void forEach(Consumer<FollowerInfo> action) {
    appenders.forEach(appender -> action.accept(appender.getFollower()));
  }

  /** Has every follower told the commit index now that does not know it yet. */
  void announceCommit() {
    for (TrackedAppender appender : appenders) {
      if (appender.owesCommitIndex()) {
        appender.triggerHeartbeat();
      }
    }
  }

  /**
   * Completes when followers that make a majority have recognized this leader, in its term, in
   * answer to something sent after this call.
   *
   * @param term the leader's term
   * @param isMajority whether these followers, with the leader, are one
   * @param timeout when to give up
   */
  CompletableFuture<Void> confirm(long term, Predicate<Set<String>> isMajority, Duration timeout) {
    Confirmation confirmation = new Confirmation(term, isMajority);
    confirmations.add(confirmation);
    var unused =
        confirmation
            .future
            .orTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS)
            .whenComplete((nothing, e) -> confirmations.remove(confirmation));
    for (TrackedAppender appender : appenders) {
      appender.sendFrom(confirmation.ask(appender));
    }
    confirmation.check();
    return confirmation.future;
  }

  void onReply(TrackedAppender appender, AppendEntriesReplyProto reply) {
    for (Confirmation confirmation : confirmations) {
      confirmation.onReply(appender, reply);
    }
  }

  /** One question to all followers. */
  private static final class Confirmation {
    private final long term;
    private final Predicate<Set<String>> isMajority;
    private final CompletableFuture<Void> future = new CompletableFuture<>();

    /** From which call id on an answer is to something sent later; by the very sender. */
    private final IdentityHashMap<TrackedAppender, Long> firstCallIds = new IdentityHashMap<>();

    private final Set<String> recognizedBy = new HashSet<>();

    Confirmation(long term, Predicate<Set<String>> isMajority) {
      this.term = term;
      this.isMajority = isMajority;
    }

    /** From which call id on the sender's messages are sent later than this call. */
    synchronized long ask(TrackedAppender appender) {
      // Whatever has taken its call id before now may have been answered before now.
      long first = appender.getCallId();
      firstCallIds.put(appender, first);
      return first;
    }

    void onReply(TrackedAppender appender, AppendEntriesReplyProto reply) {
      synchronized (this) {
        Long first = firstCallIds.get(appender);
        if (first == null
            || reply.getServerReply().getCallId() - first < 0
            || reply.getTerm() != term
            || reply.getResult() == AppendResult.NOT_LEADER
            || reply.getResult() == AppendResult.UNRECOGNIZED) {
          return;
        }
        recognizedBy.add(appender.getFollowerId().toString());
      }
      check();
    }

    void check() {
      boolean majority;
      synchronized (this) {
        majority = isMajority.test(Set.copyOf(recognizedBy));
      }
      if (majority) {
        future.complete(null);
      }
    }
  }
}
