package io.varve.node.read;

import io.varve.statemachine.LogReader;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;

/** Tells those who wait for the head to move. Thread-safe. */
final class Tail {

  private record Waiter(long position, CompletableFuture<Void> reached) {}

  private final LogReader reader;
  private final Set<Waiter> waiters = ConcurrentHashMap.newKeySet();
  private final Set<Serial> followers = ConcurrentHashMap.newKeySet();
  private final Serial notifier;

  Tail(LogReader reader, Executor workers) {
    this.reader = reader;
    this.notifier =
        new Serial(workers) {
          @Override
          void work() {
            tell();
          }
        };
  }

  /** The head has moved. Called on the apply thread: does nothing itself, and only if needed. */
  void moved() {
    if (!waiters.isEmpty() || !followers.isEmpty()) {
      notifier.schedule();
    }
  }

  /**
   * Completes when a position has been applied here. Callers bound the wait; a future that is done
   * for whatever reason is forgotten.
   */
  CompletableFuture<Void> reached(long position) {
    CompletableFuture<Void> reached = new CompletableFuture<>();
    if (reader.head() >= position) {
      reached.complete(null);
      return reached;
    }
    Waiter waiter = new Waiter(position, reached);
    waiters.add(waiter);
    CompletableFuture<Void> unused =
        reached.whenComplete((done, failure) -> waiters.remove(waiter));
    if (reader.head() >= position) {
      // It came while the waiter was not there yet to be told.
      reached.complete(null);
    }
    return reached;
  }

  /** How many wait for a position. */
  int waiting() {
    return waiters.size();
  }

  /** Schedules a follower whenever the head moves, until it is removed. */
  void follow(Serial follower) {
    followers.add(follower);
  }

  void unfollow(Serial follower) {
    followers.remove(follower);
  }

  private void tell() {
    long head = reader.head();
    for (Waiter waiter : waiters) {
      if (waiter.position() <= head) {
        waiter.reached().complete(null);
      }
    }
    for (Serial follower : followers) {
      follower.schedule();
    }
  }
}
