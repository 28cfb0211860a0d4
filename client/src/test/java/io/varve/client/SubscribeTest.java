package io.varve.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.client.SubscriptionItem.CaughtUp;
import io.varve.client.SubscriptionItem.Checkpoint;
import io.varve.proto.v1.SubscribeRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Subscriptions: without a gap or a duplicate, whatever dies; and never faster than asked. */
class SubscribeTest extends ScriptedClusterTest {

  private static List<Long> range(long first, long last) {
    return LongStream.rangeClosed(first, last).boxed().toList();
  }

  /** Takes items until this many events have come; returns their positions. */
  private static List<Long> take(SubscriptionStream items, int events) {
    List<Long> positions = new ArrayList<>();
    while (positions.size() < events) {
      SubscriptionItem item =
          items
              .poll(PATIENCE)
              .orElseThrow(() -> new AssertionError("nothing more after " + positions));
      if (item instanceof Event event) {
        positions.add(event.position());
      }
    }
    return positions;
  }

  @Test
  void catchesUpSaysSoAndFollows() {
    log.fill("s", 25);
    VarveClient client = client(leader("n1"));

    try (SubscriptionStream items = client.follow(SubscribeOptions.wholeLog())) {
      assertThat(take(items, 25)).isEqualTo(range(1, 25));
      assertThat(items.poll(PATIENCE)).contains(new CaughtUp(25));
      log.fill("s", 3);
      assertThat(take(items, 3)).isEqualTo(range(26, 28));
    }
  }

  @Test
  void startsWhereItIsTold() {
    log.fill("a", 10);
    log.fill("b", 10);
    VarveClient client = client(leader("n1"));

    try (SubscriptionStream items =
        client.follow(SubscribeOptions.builder().afterPosition(15).build())) {
      assertThat(take(items, 5)).isEqualTo(range(16, 20));
    }
    try (SubscriptionStream items =
        client.follow(SubscribeOptions.builder().source("b").afterVersion(7).build())) {
      assertThat(take(items, 3)).isEqualTo(range(18, 20));
    }
    try (SubscriptionStream items = client.follow(SubscribeOptions.builder().afterHead().build())) {
      assertThat(items.poll(PATIENCE)).contains(new CaughtUp(20));
      log.fill("a", 1);
      assertThat(take(items, 1)).containsExactly(21L);
    }
  }

  @Test
  void goesOnWithoutAGapOrADuplicateWhenCut() {
    log.fill("s", 100);
    FakeNode one = leader("n1");
    FakeNode two = node("n2");
    one.cutAfterBatches = 1;
    two.cutAfterBatches = 3;
    VarveClient client = client(one, two);

    try (SubscriptionStream items = client.follow(SubscribeOptions.wholeLog())) {
      assertThat(take(items, 100)).isEqualTo(range(1, 100));
      log.fill("s", 20);
      assertThat(take(items, 20)).isEqualTo(range(101, 120));
    }
    assertThat(one.subscriptions.get() + two.subscriptions.get()).isGreaterThan(5);
  }

  @Test
  void goesOnWithoutAGapOrADuplicateWhenNodesDieAndReturn() {
    FakeNode one = leader("n1");
    FakeNode two = node("n2");
    VarveClient client = client(one, two);
    AtomicBoolean stop = new AtomicBoolean();
    Thread writer =
        new Thread(
            () -> {
              while (!stop.get()) {
                log.fill("s", 1);
                Thread.onSpinWait();
                try {
                  TimeUnit.MICROSECONDS.sleep(200); // a pace, not a wait
                } catch (InterruptedException interrupted) {
                  return;
                }
              }
            });
    writer.start();
    int kills = 0;
    try (SubscriptionStream items = client.follow(SubscribeOptions.wholeLog())) {
      long next = 1;
      for (int round = 0; round < 6; round++) {
        FakeNode victim = round % 2 == 0 ? one : two;
        FakeNode other = round % 2 == 0 ? two : one;
        // Follow until the victim is the one that serves, by killing the other.
        other.kill();
        for (int i = 0; i < 100; i++) {
          assertThat(take(items, 1)).containsExactly(next++);
        }
        other.start();
        victim.kill();
        kills += 2;
        for (int i = 0; i < 100; i++) {
          assertThat(take(items, 1)).containsExactly(next++);
        }
        victim.start();
      }
    } finally {
      stop.set(true);
    }
    assertThat(kills).isEqualTo(12);
    assertThat(one.subscriptions.get()).isGreaterThan(1);
    assertThat(two.subscriptions.get()).isGreaterThan(1);
  }

  @Test
  void resumesBehindCheckpointsAndWhatItCaughtUpTo() {
    log.fill("s", 50);
    FakeNode node = leader("n1");
    VarveClient client = client(node);

    try (SubscriptionStream items =
        client.follow(SubscribeOptions.builder().filter(Filter.types("Nothing like it")).build())) {
      assertThat(items.poll(PATIENCE)).contains(new Checkpoint(50));
      assertThat(items.poll(PATIENCE)).contains(new CaughtUp(50));
      node.kill();
      node.start();
      eventually("resumed", () -> node.subscribeRequests.size() == 2);
      assertThat(node.subscribeRequests.get(1).getAfterPosition()).isEqualTo(50);
    }
  }

  @Test
  void aSubscriptionAfterTheHeadSkipsNothingWhenResumedAtOnce() {
    log.fill("s", 10);
    FakeNode node = leader("n1");
    VarveClient client = client(node);
    client.head();
    node.kill();
    node.start();
    try (SubscriptionStream items = client.follow(SubscribeOptions.builder().afterHead().build())) {
      eventually("subscribed", () -> node.subscribeRequests.size() == 1);
      SubscribeRequest request = node.subscribeRequests.get(0);
      assertThat(request.getStartCase()).isEqualTo(SubscribeRequest.StartCase.AFTER_POSITION);
      assertThat(request.getAfterPosition()).isEqualTo(10);
      assertThat(items.poll(PATIENCE)).contains(new CaughtUp(10));
    }
  }

  @Test
  void bySourceItResumesBehindTheLastVersion() {
    log.fill("a", 10);
    log.fill("b", 20);
    FakeNode node = leader("n1");
    node.cutAfterBatches = 1;
    node.batch = 4;
    VarveClient client = client(node);

    try (SubscriptionStream items = client.follow(SubscribeOptions.builder().source("b").build())) {
      assertThat(take(items, 20)).isEqualTo(range(11, 30));
    }
    assertThat(node.subscribeRequests.get(1).getAfterVersion()).isEqualTo(4);
  }

  @Test
  void waitsForANodeThatLagsBehindWhatAnotherHasShown() {
    log.fill("s", 20);
    FakeNode one = leader("n1");
    VarveClient client = client(one);
    try (SubscriptionStream items = client.follow(SubscribeOptions.wholeLog())) {
      assertThat(take(items, 20)).isEqualTo(range(1, 20));
      one.kill();
      one.applied = 5; // as if another, slower one stood at this address
      one.start();
      eventually("refused as out of range", () -> one.subscriptions.get() >= 3);
      one.applied = Long.MAX_VALUE;
      log.fill("s", 5);
      assertThat(take(items, 5)).isEqualTo(range(21, 25));
    }
  }

  @Test
  void leavesANodeThatIsCutOffFromItsPeers() {
    log.fill("s", 5);
    FakeNode cutOff = node("n1");
    // Longer than the other node may take from having an event to sending it.
    VarveClient client = client(builder(cutOff).subscriptionSilence(Duration.ofMillis(500)));
    try (SubscriptionStream items = client.follow(SubscribeOptions.wholeLog())) {
      assertThat(take(items, 5)).isEqualTo(range(1, 5));
      assertThat(items.poll(PATIENCE)).contains(new CaughtUp(5));
      // It stays connected to this client and answers, but learns nothing more.
      cutOff.applied = 5;
      FakeNode leader = leader("n2");
      cutOff.leader = leader::address;
      client.head(ReadConsistency.local());
      log.fill("s", 5);

      assertThat(take(items, 5)).isEqualTo(range(6, 10));
      assertThat(leader.subscriptions).hasValue(1);
    }
  }

  @Test
  void staysWithANodeThatHasNothingToSay() {
    log.fill("s", 5);
    FakeNode node = leader("n1");
    // Longer than the node may take from having an event to sending it.
    VarveClient client = client(builder(node).subscriptionSilence(Duration.ofMillis(500)));
    try (SubscriptionStream items = client.follow(SubscribeOptions.wholeLog())) {
      assertThat(take(items, 5)).isEqualTo(range(1, 5));
      int asked = node.unaryCalls.get();
      assertThat(items.poll(PATIENCE)).contains(new CaughtUp(5));
      eventually(
          "made sure several times",
          () -> items.poll(Duration.ofMillis(5)).isEmpty() && node.unaryCalls.get() > asked + 5);
      log.fill("s", 1);
      assertThat(take(items, 1)).containsExactly(6L);
    }
    assertThat(node.subscriptions).hasValue(1);
  }

  @Test
  void aConsumerThatPausesIsNotBuriedByResumption() {
    log.fill("s", 200);
    FakeNode node = leader("n1");
    node.cutAfterBatches = 1;
    VarveClient client = client(node);
    try (SubscriptionStream items = client.follow(SubscribeOptions.wholeLog())) {
      assertThat(take(items, 1)).containsExactly(1L);
      // Every attempt brings one response and breaks; three are kept, the fourth waits unread.
      eventually("four attempts", () -> node.subscriptions.get() == 4);
      for (int i = 0; i < 100; i++) {
        client.head(); // time for more, if there were more
      }
      assertThat(node.subscriptions).hasValue(4);
      assertThat(take(items, 199)).isEqualTo(range(2, 200));
    }
  }

  @Test
  void refusesAPositionOfAnotherHistory() {
    log.fill("s", 20);
    VarveClient client = client(leader("n1"));

    try (SubscriptionStream items =
        client.follow(SubscribeOptions.builder().afterPosition(1000).build())) {
      assertThatThrownBy(() -> items.poll(PATIENCE)).isInstanceOf(OutOfRangeException.class);
    }
  }

  @Test
  void pollingGivesUpInTimeAndClosingWakes() throws Exception {
    VarveClient client = client(leader("n1"));
    SubscriptionStream items = client.follow(SubscribeOptions.wholeLog());
    assertThat(items.poll(PATIENCE)).contains(new CaughtUp(0));
    assertThat(items.poll(Duration.ofMillis(20))).isEmpty();

    CompletableFuture<Boolean> more =
        CompletableFuture.supplyAsync(() -> items.iterator().hasNext());
    items.close();

    assertThat(get(more)).isFalse();
    assertThat(items.poll(PATIENCE)).isEmpty();
    items.close();
  }

  @Test
  void givesUpAfterAsManyFailuresInARowAsThePolicySays() {
    FakeNode node = leader("n1");
    node.kill();
    VarveClient client = client(builder(node).retry(RetryPolicy.defaults().withMaxAttempts(3)));

    try (SubscriptionStream items = client.follow(SubscribeOptions.wholeLog())) {
      assertThatThrownBy(() -> items.poll(PATIENCE)).isInstanceOf(UnavailableException.class);
    }
  }

  // ---- callbacks ----

  @Test
  void callsAListenerThatMayBlock() {
    log.fill("s", 30);
    VarveClient client = client(leader("n1"));
    List<Long> positions = new CopyOnWriteArrayList<>();
    CountDownLatch caughtUp = new CountDownLatch(1);

    Subscription subscription =
        client.subscribe(
            SubscribeOptions.wholeLog(),
            new SubscriptionListener() {
              @Override
              public void onEvent(Event event) {
                positions.add(client.version("s")); // a blocking call
              }

              @Override
              public void onCaughtUp(long position) {
                caughtUp.countDown();
              }
            });

    eventually("caught up", () -> caughtUp.getCount() == 0);
    assertThat(positions).hasSize(30);
    subscription.close();
    get(subscription.done());
  }

  @Test
  void aListenerThatThrowsEndsItsSubscription() {
    log.fill("s", 30);
    VarveClient client = client(leader("n1"));
    AtomicReference<Throwable> told = new AtomicReference<>();
    IllegalStateException mine = new IllegalStateException("mine");

    Subscription subscription =
        client.subscribe(
            SubscribeOptions.wholeLog(),
            new SubscriptionListener() {
              @Override
              public void onEvent(Event event) {
                throw mine;
              }

              @Override
              public void onError(Throwable error) {
                told.set(error);
              }
            });

    assertThat(failure(subscription.done())).isSameAs(mine);
    assertThat(told.get()).isSameAs(mine);
  }

  @Test
  void closingTheClientEndsSubscriptions() {
    VarveClient client = client(leader("n1"));
    Subscription subscription = client.subscribe(SubscribeOptions.wholeLog(), event -> {});
    Recorder recorder = new Recorder(Long.MAX_VALUE);
    client.subscribe(SubscribeOptions.wholeLog()).subscribe(recorder);
    eventually("both run", () -> recorder.items.size() == 1);

    client.close();

    get(subscription.done());
    eventually("completed", recorder.completed::get);
    assertThat(recorder.error.get()).isNull();
  }

  // ---- java.util.concurrent.Flow ----

  private static class Recorder implements Flow.Subscriber<SubscriptionItem> {
    final List<SubscriptionItem> items = new CopyOnWriteArrayList<>();
    final AtomicReference<Throwable> error = new AtomicReference<>();
    final AtomicBoolean completed = new AtomicBoolean();
    final AtomicInteger concurrent = new AtomicInteger();
    volatile boolean overlapped;
    volatile Flow.Subscription subscription;
    private final long initial;

    Recorder(long initial) {
      this.initial = initial;
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
      this.subscription = subscription;
      if (initial > 0) {
        subscription.request(initial);
      }
    }

    @Override
    public void onNext(SubscriptionItem item) {
      overlapped |= concurrent.incrementAndGet() > 1;
      items.add(item);
      concurrent.decrementAndGet();
    }

    @Override
    public void onError(Throwable failure) {
      error.set(failure);
    }

    @Override
    public void onComplete() {
      completed.set(true);
    }
  }

  @Test
  void publishesAsMuchAsIsRequested() {
    log.fill("s", 100);
    VarveClient client = client(leader("n1"));
    Recorder recorder = new Recorder(0);
    client.subscribe(SubscribeOptions.wholeLog()).subscribe(recorder);
    assertThat(recorder.subscription).isNotNull();

    for (int requested = 1; requested <= 60; requested++) {
      recorder.subscription.request(1);
      int expected = requested;
      eventually("delivered", () -> recorder.items.size() == expected);
    }
    recorder.subscription.request(7);
    eventually("delivered", () -> recorder.items.size() == 67);
    client.head(); // a round trip later still no more
    assertThat(recorder.items).hasSize(67);
    recorder.subscription.request(Long.MAX_VALUE);
    recorder.subscription.request(Long.MAX_VALUE);
    eventually("delivered", () -> recorder.items.size() == 101);
    assertThat(recorder.items.get(100)).isEqualTo(new CaughtUp(100));
    assertThat(
            recorder.items.stream()
                .filter(Event.class::isInstance)
                .map(item -> ((Event) item).position())
                .toList())
        .isEqualTo(range(1, 100));
    assertThat(recorder.overlapped).isFalse();
  }

  @Test
  void aSubscriberThatAsksForNothingStopsTheServer() {
    FakeNode node = leader("n1");
    node.batch = 1;
    VarveClient client = client(node);
    Bytes large = Bytes.wrap(new byte[100_000]);
    List<CompletableFuture<AppendResult>> futures = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      futures.add(client.appendAsync(NewEvent.builder("s", "T").data(large).build()));
    }
    futures.forEach(ScriptedClusterTest::appended);
    Recorder recorder = new Recorder(1);
    client.subscribe(SubscribeOptions.wholeLog()).subscribe(recorder);
    eventually("delivered", () -> recorder.items.size() == 1);

    for (int i = 0; i < 50; i++) {
      client.head(); // time for the node to send what it can
    }
    assertThat(node.batchesSent.get()).isLessThan(80);
    assertThat(recorder.items).hasSize(1);
    recorder.subscription.request(199);
    eventually("delivered", () -> recorder.items.size() == 200);
  }

  @Test
  void eachSubscriberGetsItsOwn() {
    log.fill("s", 10);
    VarveClient client = client(leader("n1"));
    Flow.Publisher<SubscriptionItem> publisher = client.subscribe(SubscribeOptions.wholeLog());
    Recorder first = new Recorder(3);
    Recorder second = new Recorder(11);
    publisher.subscribe(first);
    publisher.subscribe(second);

    eventually("delivered", () -> first.items.size() == 3 && second.items.size() == 11);
    assertThat(second.items.subList(0, 3)).isEqualTo(first.items);
  }

  @Test
  void cancellingStopsDelivery() {
    log.fill("s", 10);
    FakeNode node = leader("n1");
    VarveClient client = client(node);
    Recorder recorder = new Recorder(5);
    client.subscribe(SubscribeOptions.wholeLog()).subscribe(recorder);
    eventually("delivered", () -> recorder.items.size() == 5);

    recorder.subscription.cancel();
    recorder.subscription.request(100);
    log.fill("s", 10);
    client.head();
    client.close(); // ends what is open, of which this is none

    assertThat(recorder.items).hasSize(5);
    assertThat(recorder.completed).isFalse();
    assertThat(recorder.error.get()).isNull();
  }

  @Test
  void cancellingInOnSubscribeStartsNothing() {
    FakeNode node = leader("n1");
    VarveClient client = client(node);

    client
        .subscribe(SubscribeOptions.wholeLog())
        .subscribe(
            new Recorder(0) {
              @Override
              public void onSubscribe(Flow.Subscription subscription) {
                subscription.cancel();
              }
            });

    client.head();
    assertThat(node.subscriptions).hasValue(0);
  }

  @Test
  void requestingNothingIsAnError() {
    VarveClient client = client(leader("n1"));
    Recorder recorder = new Recorder(0);
    client.subscribe(SubscribeOptions.wholeLog()).subscribe(recorder);

    recorder.subscription.request(0);

    eventually("told", () -> recorder.error.get() != null);
    assertThat(recorder.error.get()).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void errorsReachTheSubscriberAfterWhatCameBefore() {
    log.fill("s", 20);
    VarveClient client = client(leader("n1"));
    Recorder recorder = new Recorder(Long.MAX_VALUE);
    client.subscribe(SubscribeOptions.builder().afterPosition(500).build()).subscribe(recorder);

    eventually("told", () -> recorder.error.get() != null);
    assertThat(recorder.error.get()).isInstanceOf(OutOfRangeException.class);
    assertThat(recorder.completed).isFalse();
  }

  @Test
  void publishesAcrossLostNodes() {
    log.fill("s", 100);
    FakeNode node = leader("n1");
    node.cutAfterBatches = 2;
    VarveClient client = client(node);
    Recorder recorder = new Recorder(Long.MAX_VALUE);
    client.subscribe(SubscribeOptions.wholeLog()).subscribe(recorder);

    eventually(
        "delivered", () -> recorder.items.stream().filter(Event.class::isInstance).count() == 100);
    assertThat(
            recorder.items.stream()
                .filter(Event.class::isInstance)
                .map(item -> ((Event) item).position())
                .toList())
        .isEqualTo(range(1, 100));
    assertThat(Optional.ofNullable(recorder.error.get())).isEmpty();
  }
}
