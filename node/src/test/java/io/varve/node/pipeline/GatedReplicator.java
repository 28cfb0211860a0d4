package io.varve.node.pipeline;

import io.varve.node.cluster.Conditions;
import io.varve.node.cluster.Replicator;
import io.varve.proto.replicated.v1.Command;
import io.varve.proto.v1.Append;
import io.varve.statemachine.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Keeps every entry it is handed until the test says how it went. */
final class GatedReplicator implements Replicator {

  /** An entry that was handed over. */
  record Entry(Command command, CompletableFuture<List<Outcome>> outcomes) {

    /** The event types of its appends' first events, in order: what the tests tell appends by. */
    List<String> names() {
      List<String> names = new ArrayList<>();
      for (Append append : command.getAppendBatch().getAppendsList()) {
        names.add(append.getEvents(0).getType());
      }
      return names;
    }

    /** Every append lands, at position = number of the append in the entry, from 1. */
    void land() {
      List<Outcome> landed = new ArrayList<>();
      for (int i = 1; i <= command.getAppendBatch().getAppendsCount(); i++) {
        landed.add(new Outcome.Appended(i, i, List.of(), 0, false));
      }
      outcomes.complete(landed);
    }

    void fail(RuntimeException failure) {
      outcomes.completeExceptionally(failure);
    }
  }

  private final BlockingQueue<Entry> handedOver = new LinkedBlockingQueue<>();
  private final AtomicInteger announcements = new AtomicInteger();
  private volatile boolean leads = true;

  /** The next entry handed over; fails the test when none comes. */
  Entry take() throws InterruptedException {
    Entry entry = handedOver.poll(Conditions.PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    if (entry == null) {
      throw new AssertionError("no entry was handed over");
    }
    return entry;
  }

  /** How many entries were handed over and not yet taken by the test. */
  int untaken() {
    return handedOver.size();
  }

  int announcements() {
    return announcements.get();
  }

  void setLeads(boolean leads) {
    this.leads = leads;
  }

  @Override
  public boolean leads() {
    return leads;
  }

  @Override
  public Optional<String> leader() {
    return leads ? Optional.of("self") : Optional.empty();
  }

  @Override
  public CompletableFuture<List<Outcome>> replicate(Command command) {
    Entry entry = new Entry(command, new CompletableFuture<>());
    handedOver.add(entry);
    return entry.outcomes();
  }

  @Override
  public CompletableFuture<Void> readBarrier() {
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public void announceCommit() {
    announcements.incrementAndGet();
  }
}
