package io.varve.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.faults.OriginHistory.Kind;
import io.varve.faults.OriginHistory.Sending;
import io.varve.faults.ProcessCluster.Leader;
import io.varve.faults.ProcessCluster.Options;
import io.varve.proto.v1.ErrorCode;
import io.varve.proto.v1.RecordedEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Clients that were offline send what they have buffered, in runs that overlap, repeat and cut each
 * other, while the process that decides about them is killed and comes back: each number lands
 * once, in order, and every answer says truly where.
 */
@Tag("faults")
class OriginReplaysTest {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final int ORIGINS = 50;
  private static final int NUMBERS = Effort.of(300, 5_000);
  private static final int KILLS = Effort.of(2, 10);

  @RegisterExtension private final Clusters clusters = new Clusters();

  private final OriginHistory history = new OriginHistory();
  private final List<OriginBuffer> buffers = new ArrayList<>();
  private final List<OriginReplayer> replayers = new ArrayList<>();

  @Test
  void everyNumberLandsOnceAndInOrderThoughTheLeaderIsKilled() throws Exception {
    SplittableRandom random = new SplittableRandom(Effort.seed("OriginReplaysTest"));
    ProcessCluster cluster = clusters.create(Options.plain()).start();
    List<NodeConnection> connections =
        cluster.clientPorts().stream().map(NodeConnection::new).toList();
    try {
      for (int i = 0; i < ORIGINS; i++) {
        // Some clients have more than one buffer, and some buffers share their name.
        buffers.add(new OriginBuffer("client-" + i / 2, "buffer-" + i % 10, NUMBERS));
        replayers.add(new OriginReplayer(buffers.get(i), connections, history, random.split()));
      }
      CompletableFuture<Void> replaying = inParallel(OriginReplayer::replay);
      for (int kill = 1; kill <= KILLS; kill++) {
        // Much is left after the last kill: finding the leader takes its time, and they go on.
        long due = (long) ORIGINS * NUMBERS * kill / (KILLS + 2);
        Await.until(
            due + " numbers to have landed", LIMIT, () -> landed() >= due || replaying.isDone());
        Leader old = cluster.awaitLeader(LIMIT);
        assertThat(replaying).as("origins send when the leader is killed").isNotDone();
        old.node().kill();
        Leader successor = cluster.awaitLeaderAfter(old, LIMIT);
        long then = landed();
        Await.until(
            "numbers to land under the new leader",
            LIMIT,
            () -> landed() > then || replaying.isDone());
        System.out.printf(
            "killed leader %s of term %d after %d numbers; %s leads term %d%n",
            old.node(), old.term(), due, successor.node(), successor.term());
        old.node().start();
      }
      replaying.get(LIMIT.multipliedBy(Effort.of(2, 10)).toMillis(), TimeUnit.MILLISECONDS);

      cluster.awaitReady();
      long head = cluster.awaitEqualHeads();
      long events = buffers.stream().mapToLong(OriginReplaysTest::events).sum();
      assertThat(head).as("one event for every number that is no void").isEqualTo(events);
      // Once more after every node has only what is on its disk.
      cluster.nodes().forEach(NodeProcess::kill);
      cluster.nodes().forEach(NodeProcess::start);
      cluster.awaitReady();
      inParallel(OriginReplayer::replayAll).join();
      assertThat(cluster.awaitEqualHeads()).as("nothing landed again").isEqualTo(head);

      for (NodeProcess node : cluster.nodes()) {
        List<RecordedEvent> log = cluster.connection(node).log(LIMIT);
        assertThat(OriginChecker.check(history, buffers, log)).as("as %s reads it", node).isEmpty();
      }
      assertEveryKindHappened(head);
    } finally {
      connections.forEach(NodeConnection::close);
    }
  }

  private CompletableFuture<Void> inParallel(java.util.function.Consumer<OriginReplayer> what) {
    List<Callable<Boolean>> calls = new ArrayList<>();
    for (OriginReplayer replayer : replayers) {
      calls.add(
          () -> {
            what.accept(replayer);
            return true;
          });
    }
    return CompletableFuture.runAsync(
        () -> {
          try {
            Parallel.all(ORIGINS, calls);
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
        });
  }

  private long landed() {
    return replayers.stream().mapToLong(OriginReplayer::landed).sum();
  }

  private static long events(OriginBuffer buffer) {
    long events = 0;
    for (int number = 1; number <= buffer.size(); number++) {
      events += buffer.isVoid(number) ? 0 : 1;
    }
    return events;
  }

  private void assertEveryKindHappened(long head) {
    List<Sending> sendings = history.sendings();
    long whole = sendings.stream().filter(OriginReplaysTest::landedWhole).count();
    long partly = sendings.stream().filter(OriginReplaysTest::landedPartly).count();
    long replayed = sendings.stream().filter(OriginReplaysTest::replayed).count();
    long gaps = refused(sendings, Kind.GAP, ErrorCode.ERROR_CODE_SEQUENCE_GAP);
    long diverged = refused(sendings, Kind.DIVERGING, ErrorCode.ERROR_CODE_ORIGIN_DIVERGED);
    long unanswered =
        sendings.stream().filter(sending -> sending.attempt() instanceof Attempt.Unknown).count();
    System.out.printf(
        "%d origins, %d numbers each, %d events: %d runs sent; %d landed whole, %d but for what had"
            + " landed, %d had landed; %d gaps and %d divergences refused; %d never answered%n",
        ORIGINS,
        NUMBERS,
        head,
        sendings.size(),
        whole,
        partly,
        replayed,
        gaps,
        diverged,
        unanswered);
    assertThat(List.of(whole, partly, replayed, gaps, diverged)).allMatch(count -> count > ORIGINS);
    assertThat(unanswered).as("runs whose answer died with the leader").isPositive();
  }

  private static long refused(List<Sending> sendings, Kind kind, ErrorCode code) {
    return sendings.stream()
        .filter(
            sending ->
                sending.kind() == kind
                    && sending.attempt() instanceof Attempt.NotAppended refused
                    && refused.code() == code)
        .count();
  }

  private static boolean replayed(Sending sending) {
    return sending.attempt() instanceof Attempt.Landed landed && landed.appended().getReplayed();
  }

  private static boolean landedWhole(Sending sending) {
    return landedNew(sending) == sending.append().getEventsCount();
  }

  private static boolean landedPartly(Sending sending) {
    return landedNew(sending) > 0 && !landedWhole(sending);
  }

  /** How many of its events an answer calls newly landed. */
  private static long landedNew(Sending sending) {
    return sending.attempt() instanceof Attempt.Landed landed
            && landed.appended().getFirstPosition() > 0
        ? landed.appended().getLastPosition() - landed.appended().getFirstPosition() + 1
        : -1;
  }
}
