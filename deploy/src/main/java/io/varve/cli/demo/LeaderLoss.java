package io.varve.cli.demo;

import static io.varve.cli.demo.StepFailedException.check;

import io.varve.client.AppendRequest;
import io.varve.client.AppendResult;
import io.varve.client.AppendResult.Appended;
import io.varve.client.Event;
import io.varve.client.NewEvent;
import io.varve.client.SubscribeOptions;
import io.varve.client.SubscriptionItem;
import io.varve.client.SubscriptionStream;
import io.varve.client.VarveClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;

/**
 * A writer that never pauses for long and a subscriber on another node, while the leader is lost
 * and comes back.
 */
final class LeaderLoss {
  private static final String SOURCE = "heartbeat";

  /** Heartbeats before the loss, without the leader, and after its return. */
  private static final int BEATS = 100;

  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Duration PAUSE = Duration.ofMillis(4);
  private static final Duration POLL = Duration.ofMillis(100);

  private final DemoCluster cluster;
  private final VarveClient writer;
  private final VarveClient subscriber;
  private final Ledger ledger;

  private final long versionBefore;
  private final AtomicLong landed = new AtomicLong();
  private final AtomicLong longestGapNanos = new AtomicLong();
  private final AtomicBoolean enough = new AtomicBoolean();
  private final List<Event> delivered = new ArrayList<>();

  LeaderLoss(DemoCluster cluster, VarveClient writer, VarveClient subscriber, Ledger ledger) {
    this.cluster = cluster;
    this.writer = writer;
    this.subscriber = subscriber;
    this.ledger = ledger;
    this.versionBefore = writer.version(SOURCE);
  }

  /**
   * What was seen.
   *
   * @param beats heartbeats that landed
   * @param longestGapMillis the longest time between two of them
   * @param newLeader the node, 0 to 2, that led after the loss
   */
  record Seen(long beats, long longestGapMillis, int newLeader) {}

  /** Loses the leader, brings it back, and returns once everything has been delivered. */
  Seen run(int leader, Runnable whenStopped, Runnable whenBack) throws InterruptedException {
    CompletableFuture<Void> writing = started("writer", this::write);
    CompletableFuture<Void> following = started("subscriber", () -> follow(writing));
    List<CompletableFuture<Void>> parts = List.of(writing, following);
    try {
      await("heartbeats to land", parts, () -> landed.get() >= BEATS);
      cluster.stop(leader);
      whenStopped.run();
      long atLoss = landed.get();
      await("heartbeats without the leader", parts, () -> landed.get() >= atLoss + BEATS);
      final int newLeader =
          cluster
              .awaitLeader(LIMIT)
              .orElseThrow(() -> new StepFailedException("no other node leads"));
      check(newLeader != leader, "the node that was stopped leads");
      cluster.start(leader);
      cluster.awaitReady(LIMIT);
      whenBack.run();
      long atReturn = landed.get();
      await("heartbeats with three nodes", parts, () -> landed.get() >= atReturn + BEATS);
      enough.set(true);
      join(writing);
      join(following);
      checkDelivered();
      return new Seen(
          landed.get(), TimeUnit.NANOSECONDS.toMillis(longestGapNanos.get()), newLeader);
    } finally {
      enough.set(true);
    }
  }

  /** One heartbeat after the other, each expecting the version the last one made. */
  private void write() {
    long last = System.nanoTime();
    while (!enough.get()) {
      NewEvent beat =
          NewEvent.builder(SOURCE, "HeartBeat")
              .sourceType("Heart")
              .data("{\"beat\":" + (landed.get() + 1) + "}")
              .build();
      List<NewEvent> events = List.of(beat);
      AppendResult result =
          writer.append(
              AppendRequest.builder()
                  .events(events)
                  .expectVersion(SOURCE, versionBefore + landed.get())
                  .deadline(LIMIT)
                  .build());
      check(result instanceof Appended, "a heartbeat met a conflict: " + result);
      ledger.landed((Appended) result, Ledger.digests(events));
      long now = System.nanoTime();
      longestGapNanos.accumulateAndGet(now - last, Math::max);
      last = now;
      landed.incrementAndGet();
      pause();
    }
  }

  /** Follows until the writer has ended and everything it wrote has come. */
  private void follow(CompletableFuture<Void> writing) {
    long due = 0;
    try (SubscriptionStream stream =
        subscriber.follow(
            SubscribeOptions.builder().source(SOURCE).afterVersion(versionBefore).build())) {
      while (!(writing.isDone() && delivered.size() >= landed.get())) {
        Optional<SubscriptionItem> item = stream.poll(POLL);
        if (item.isPresent() && item.get() instanceof Event event) {
          delivered.add(event);
        }
        if (writing.isDone() && due == 0) {
          due = System.nanoTime() + LIMIT.toNanos();
        }
        check(
            due == 0 || System.nanoTime() - due < 0,
            "the subscriber got " + delivered.size() + " of " + landed.get() + " heartbeats");
      }
    }
  }

  private void checkDelivered() {
    check(
        delivered.size() == landed.get(),
        landed.get() + " heartbeats landed and " + delivered.size() + " were delivered");
    for (int i = 0; i < delivered.size(); i++) {
      long version = versionBefore + i + 1;
      check(
          delivered.get(i).version() == version,
          "heartbeat " + version + " was due and " + delivered.get(i).version() + " was delivered");
    }
  }

  private static CompletableFuture<Void> started(String name, Runnable work) {
    return CompletableFuture.runAsync(
        work,
        task -> {
          Thread thread = new Thread(task, "play-" + name);
          thread.setDaemon(true);
          thread.start();
        });
  }

  private static void await(
      String what, List<CompletableFuture<Void>> parts, BooleanSupplier reached)
      throws InterruptedException {
    long end = System.nanoTime() + LIMIT.toNanos();
    while (!reached.getAsBoolean()) {
      for (CompletableFuture<Void> part : parts) {
        if (part.isCompletedExceptionally()) {
          join(part);
        }
      }
      check(System.nanoTime() - end < 0, "waited in vain for " + what);
      TimeUnit.MILLISECONDS.sleep(5);
    }
  }

  private static void join(CompletableFuture<Void> part) throws InterruptedException {
    try {
      part.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException failed) {
        throw failed;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  private static void pause() {
    try {
      TimeUnit.MILLISECONDS.sleep(PAUSE.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
