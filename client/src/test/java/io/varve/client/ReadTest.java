package io.varve.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.proto.v1.Error;
import io.varve.proto.v1.ErrorCode;
import io.varve.proto.v1.ReadRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Reads: what they select, how they survive lost nodes, and how little they hold. */
class ReadTest extends ScriptedClusterTest {

  private static List<Long> positions(EventStream events) {
    try (events) {
      List<Long> positions = new ArrayList<>();
      events.forEach(event -> positions.add(event.position()));
      return positions;
    }
  }

  private static List<Long> range(long first, long last) {
    return LongStream.rangeClosed(first, last).boxed().toList();
  }

  @Test
  void readsTheWholeLog() {
    log.fill("s", 95);
    VarveClient client = client(leader("n1"));

    try (EventStream events = client.read(ReadOptions.wholeLog())) {
      assertThat(events.head()).isEqualTo(95);
      assertThat(events.stream().map(Event::position).toList()).isEqualTo(range(1, 95));
    }
  }

  @Test
  void readsNothingFromAnEmptyLog() {
    VarveClient client = client(leader("n1"));

    try (EventStream events = client.read(ReadOptions.wholeLog())) {
      assertThat(events.iterator().hasNext()).isFalse();
      assertThat(events.head()).isZero();
    }
  }

  @Test
  void readsBySourceByFilterBackwardAndWithALimit() {
    log.fill("a", 30);
    log.fill("b", 30);
    VarveClient client = client(leader("n1"));

    assertThat(positions(client.read(ReadOptions.ofSource("b")))).isEqualTo(range(31, 60));
    assertThat(
            positions(
                client.read(ReadOptions.builder().source("b").fromVersion(5).limit(3).build())))
        .containsExactly(35L, 36L, 37L);
    assertThat(positions(client.read(ReadOptions.matching(Filter.types("T0")))))
        .hasSize(20)
        .isSorted();
    assertThat(positions(client.read(ReadOptions.builder().backward().fromPosition(12).build())))
        .containsExactly(12L, 11L, 10L, 9L, 8L, 7L, 6L, 5L, 4L, 3L, 2L, 1L);
    assertThat(positions(client.read(ReadOptions.builder().backward().limit(2).build())))
        .containsExactly(60L, 59L);
  }

  @Test
  void goesOnBehindTheLastEventWhenCut() {
    log.fill("s", 100);
    FakeNode one = leader("n1");
    FakeNode two = node("n2");
    one.cutAfterBatches = 1;
    two.cutAfterBatches = 2;
    VarveClient client = client(one, two);

    assertThat(positions(client.read(ReadOptions.wholeLog()))).isEqualTo(range(1, 100));
    assertThat(one.reads.get() + two.reads.get()).isGreaterThan(5);
  }

  @Test
  void goesOnBehindTheLastEventWhateverTheSelection() {
    log.fill("a", 40);
    log.fill("b", 40);
    FakeNode node = leader("n1");
    node.cutAfterBatches = 1;
    node.batch = 7;
    VarveClient client = client(node);

    assertThat(positions(client.read(ReadOptions.ofSource("b")))).isEqualTo(range(41, 80));
    assertThat(
            positions(
                client.read(ReadOptions.builder().source("b").fromPosition(50).backward().build())))
        .isEqualTo(LongStream.rangeClosed(41, 50).map(p -> 91 - p).boxed().toList());
    assertThat(positions(client.read(ReadOptions.builder().backward().build())))
        .isEqualTo(LongStream.rangeClosed(1, 80).map(p -> 81 - p).boxed().toList());
    assertThat(positions(client.read(ReadOptions.builder().limit(25).build())))
        .isEqualTo(range(1, 25));
    assertThat(
            positions(
                client.read(ReadOptions.builder().filter(Filter.types("T1")).limit(20).build())))
        .hasSize(20)
        .doesNotHaveDuplicates()
        .isSorted();
  }

  @Test
  void endsAtTheSameHeadAlsoAfterAChangeOfNodes() {
    log.fill("s", 100);
    FakeNode node = leader("n1");
    node.cutAfterBatches = 2;
    VarveClient client = client(node);
    List<Long> positions = new ArrayList<>();

    try (EventStream events = client.read(ReadOptions.wholeLog())) {
      for (Event event : events) {
        if (positions.isEmpty()) {
          log.fill("s", 50); // while the read is under way
        }
        positions.add(event.position());
      }
      assertThat(events.head()).isEqualTo(100);
    }

    assertThat(positions).isEqualTo(range(1, 100));
    ReadRequest resumed = node.readRequests.get(1);
    assertThat(resumed.getConsistency().getAtLeast()).isEqualTo(100);
    assertThat(resumed.getFromPosition()).isEqualTo(21);
  }

  @Test
  void asksForTheConsistencyItWasTold() {
    FakeNode node = leader("n1");
    VarveClient client = client(node);

    positions(client.read(ReadOptions.wholeLog()));
    positions(client.read(ReadOptions.builder().consistency(ReadConsistency.local()).build()));
    positions(client.read(ReadOptions.builder().consistency(ReadConsistency.atLeast(0)).build()));

    assertThat(node.readRequests)
        .extracting(r -> r.getConsistency().getLocal())
        .containsExactly(false, true, true);
  }

  @Test
  void holdsOnlyAFewBatchesWhileNobodyReads() {
    byte[] large = new byte[100_000];
    VarveClient client = client(leaderWithLargeEvents(large, 300));
    FakeNode node = nodeOfLargeEvents;

    try (EventStream events = client.read(ReadOptions.wholeLog())) {
      Iterator<Event> iterator = events.iterator();
      iterator.next();
      // Settled: what is fetched ahead has been fetched.
      eventually("fetched ahead", () -> node.batchesSent.get() >= 3);
      settle(node);
      int ahead = node.batchesSent.get();
      // 100 KB each: three responses, the connection's 2 MiB window and the server's own buffers.
      assertThat(ahead).isBetween(3, 80);
      for (int i = 0; i < 100; i++) {
        iterator.next();
      }
      eventually("fetched further", () -> node.batchesSent.get() - ahead >= 50);
      settle(node);
      assertThat(node.batchesSent.get() - ahead).isBetween(50, 150);
    }
  }

  @Test
  void aReaderThatPausesIsInNobodysWay() {
    byte[] large = new byte[100_000];
    VarveClient client = client(leaderWithLargeEvents(large, 300));
    List<EventStream> paused = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      EventStream events = closeLater(client.read(ReadOptions.wholeLog()));
      events.iterator().next();
      paused.add(events);
    }
    settle(nodeOfLargeEvents);

    assertThat(positions(client.read(ReadOptions.wholeLog()))).isEqualTo(range(1, 300));
    assertThat(client.append(event("s", "a")).orThrow().firstPosition()).isEqualTo(301);
    assertThat(client.head().position()).isEqualTo(301);
    assertThat(paused).hasSize(5);
  }

  private FakeNode nodeOfLargeEvents;

  private FakeNode leaderWithLargeEvents(byte[] large, int count) {
    FakeNode node = leader("n1");
    node.batch = 1;
    nodeOfLargeEvents = node;
    try (VarveClient writer = builder(node).build()) {
      List<CompletableFuture<AppendResult>> futures = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        futures.add(writer.appendAsync(NewEvent.builder("s", "T").data(Bytes.wrap(large)).build()));
      }
      futures.forEach(ScriptedClusterTest::appended);
    }
    return node;
  }

  /** Waits until the node has sent nothing for a while. */
  private static void settle(FakeNode node) {
    long[] last = {-1, System.nanoTime()};
    eventually(
        "settled",
        () -> {
          long now = node.batchesSent.get();
          if (now != last[0]) {
            last[0] = now;
            last[1] = System.nanoTime();
          }
          return System.nanoTime() - last[1] > TimeUnit.MILLISECONDS.toNanos(200);
        });
  }

  @Test
  void handsOnRefusals() {
    FakeNode node = leader("n1");
    node.refuse =
        Optional.of(
            Error.newBuilder()
                .setCode(ErrorCode.ERROR_CODE_INVALID_ARGUMENT)
                .setField("filter")
                .setMessage("filter.any_of is empty")
                .build());
    VarveClient client = client(node);

    assertThatThrownBy(() -> positions(client.read(ReadOptions.matching(new Filter(List.of())))))
        .isInstanceOf(InvalidArgumentException.class)
        .hasMessage("filter.any_of is empty");
    try (EventStream events = client.read(ReadOptions.wholeLog())) {
      assertThatThrownBy(events::head).isInstanceOf(InvalidArgumentException.class);
    }
  }

  @Test
  void givesUpWithinItsDeadline() {
    FakeNode node = leader("n1");
    node.silent = true;
    VarveClient client = client(builder(node).deadline(Duration.ofSeconds(2)));

    long before = System.nanoTime();
    assertThatThrownBy(() -> positions(client.read(ReadOptions.wholeLog())))
        .isInstanceOf(UnavailableException.class);
    assertThat(System.nanoTime() - before).isLessThan(TimeUnit.SECONDS.toNanos(60));
    assertThat(node.reads.get()).isGreaterThan(1);
  }

  @Test
  void givesUpWhenNoNodeIsThere() {
    FakeNode node = leader("n1");
    node.kill();
    VarveClient client = client(builder(node).deadline(Duration.ofMillis(300)));

    assertThatThrownBy(() -> positions(client.read(ReadOptions.wholeLog())))
        .isInstanceOf(UnavailableException.class);
  }

  @Test
  void leavesANodeThatSaysNothing() {
    log.fill("s", 10);
    FakeNode mute = node("n1");
    mute.silent = true;
    FakeNode other = node("n2");
    VarveClient client = client(builder(mute, other).deadline(Duration.ofSeconds(15)));
    for (int i = 0; i < 3; i++) {
      assertThat(positions(client.read(ReadOptions.wholeLog()))).isEqualTo(range(1, 10));
    }
  }

  @Test
  void isConsumedOnce() {
    log.fill("s", 10);
    VarveClient client = client(leader("n1"));

    EventStream events = client.read(ReadOptions.wholeLog());
    Iterator<Event> iterator = events.iterator();
    assertThatThrownBy(events::iterator).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(events::stream).isInstanceOf(IllegalStateException.class);
    iterator.next();
    events.close();
    assertThatThrownBy(iterator::hasNext).isInstanceOf(IllegalStateException.class);
    events.close();
  }

  @Test
  void closingTheStreamEndsTheRead() {
    log.fill("s", 1000);
    FakeNode node = leader("n1");
    VarveClient client = client(node);

    try (Stream<Event> events = client.read(ReadOptions.wholeLog()).stream()) {
      assertThat(events.limit(3).map(Event::position).toList()).containsExactly(1L, 2L, 3L);
    }
    // Its connection is free again: another read works (and hundreds more would).
    for (int i = 0; i < 300; i++) {
      try (EventStream events = client.read(ReadOptions.builder().limit(1).build())) {
        assertThat(events.iterator().next().position()).isEqualTo(1);
      }
    }
  }

  @Test
  void boundsHowManyReadsAreOpen() {
    log.fill("s", 10);
    FakeNode node = leader("n1");
    node.silent = true;
    VarveClient client = client(node);
    List<EventStream> open = new ArrayList<>();
    for (int i = 0; i < 256; i++) {
      open.add(client.read(ReadOptions.wholeLog()));
    }

    assertThatThrownBy(() -> positions(client.read(ReadOptions.wholeLog())))
        .isInstanceOf(OverloadedException.class);

    open.forEach(EventStream::close);
    node.silent = false;
    // A read counts until the network thread has ended it.
    assertThat(firstThatIsLetIn(client)).isEqualTo(range(1, 10));
  }

  private static List<Long> firstThatIsLetIn(VarveClient client) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      try {
        return positions(client.read(ReadOptions.wholeLog()));
      } catch (OverloadedException full) {
        if (System.nanoTime() - deadline > 0) {
          throw full;
        }
        Thread.onSpinWait();
      }
    }
  }

  @Test
  void closingTheClientEndsReads() {
    log.fill("s", 1000);
    VarveClient client = client(leader("n1"));
    EventStream events = client.read(ReadOptions.wholeLog());
    Iterator<Event> iterator = events.iterator();
    iterator.next();

    client.close();

    assertThatThrownBy(iterator::hasNext).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> client.read(ReadOptions.wholeLog()))
        .isInstanceOf(ClientClosedException.class);
  }

  /** Nobody would be there any more to make the next attempt. */
  @Test
  void closingTheClientEndsCallsThatWaitForTheirNextAttempt() {
    FakeNode node = leader("n1");
    node.refuse =
        Optional.of(
            Error.newBuilder()
                .setCode(ErrorCode.ERROR_CODE_UNAVAILABLE)
                .setRetryAfter(com.google.protobuf.Duration.newBuilder().setSeconds(3_600))
                .build());
    VarveClient client = client(builder(node).deadline(Duration.ofHours(1)));
    List<CompletableFuture<?>> calls = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      calls.add(client.sourceAsync("s" + i, ReadConsistency.linearizable()));
    }
    calls.add(client.recentHeadAsync());
    eventually("all were refused once", () -> node.unaryCalls.get() >= calls.size());

    client.close();

    for (CompletableFuture<?> call : calls) {
      assertThat(failure(call)).isInstanceOf(ClientClosedException.class);
    }
  }

  @Test
  void collectsShortReads() {
    log.fill("s", 100);
    FakeNode node = leader("n1");
    node.cutAfterBatches = 3;
    VarveClient client = client(node);

    List<Event> events = get(client.readAsync(ReadOptions.builder().limit(55).build()));

    assertThat(events).extracting(Event::position).isEqualTo(range(1, 55));
    assertThatThrownBy(() -> client.readAsync(ReadOptions.wholeLog()))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aCollectedReadHasADeadline() {
    FakeNode node = leader("n1");
    node.silent = true;
    VarveClient client = client(node);

    assertThat(
            failure(
                client.readAsync(
                    ReadOptions.builder().limit(5).deadline(Duration.ofMillis(200)).build())))
        .isInstanceOf(DeadlineExceededException.class);
  }

  @Test
  void noticesAnswersFromAnotherLog() {
    log.fill("s", 10);
    FakeNode node = leader("n1");
    FakeLog other = new FakeLog("two");
    other.fill("s", 10);
    FakeNode stranger = closeLater(new FakeNode("n9", other));
    VarveClient client = client(node);
    client.head();

    VarveClient mixed = client(builder(stranger).logIdentity(client.logIdentity().orElseThrow()));
    assertThatThrownBy(() -> positions(mixed.read(ReadOptions.wholeLog())))
        .isInstanceOf(LogIdentityMismatchException.class);
  }
}
