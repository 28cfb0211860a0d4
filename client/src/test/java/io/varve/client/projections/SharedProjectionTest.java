package io.varve.client.projections;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.VarveClient;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Several runners share one projection, whatever becomes of them. */
class SharedProjectionTest extends ProjectionTestBase {

  private static final int PARTITIONS = 8;
  private static final int SOURCES = 40;
  private static final Duration LEASE = Duration.ofSeconds(2);

  private Database database;

  /** One process's worth: a runner, and the gate that stops all of it. */
  private final class Instance implements AutoCloseable {
    final Gate gate = new Gate();
    final ProjectionRunner<Connection> runner;

    Instance(boolean fencing) {
      VarveClient own = gate.before(client);
      JdbcCheckpointStore store = JdbcCheckpointStore.of(gate.before(database.dataSource()));
      runner =
          ProjectionRunner.start(
              own,
              Projection.builder(name, fencing ? store : store.withoutFencing())
                  .filter(filter())
                  .retry(QUICK)
                  .partitions(PARTITIONS)
                  .lease(LEASE)
                  .batchEvents(5)
                  .handler(Database.noting(name))
                  .build());
    }

    int partitions() {
      return runner.metrics().partitions();
    }

    @Override
    public void close() {
      gate.open();
      runner.close();
    }
  }

  @BeforeEach
  void openDatabase() {
    database = closeLater(Database.h2());
  }

  private Instance process() {
    return closeLater(new Instance(true));
  }

  private long appendSome(Random random) {
    String[] sources = new String[1 + random.nextInt(5)];
    for (int i = 0; i < sources.length; i++) {
      sources[i] = "s" + random.nextInt(SOURCES);
    }
    return append(sources);
  }

  @Test
  void partitionsAreSpreadEvenlyAndMoveWhenRunnersComeAndGo() {
    Random random = new Random(1);
    Instance first = process();
    Eventually.until("one to have all", () -> first.partitions() == PARTITIONS);
    Instance second = process();
    Eventually.until(
        "two to have half each",
        () -> first.partitions() == PARTITIONS / 2 && second.partitions() == PARTITIONS / 2);
    Instance third = process();
    Eventually.until(
        "three to have all, none more than three",
        () ->
            first.partitions() + second.partitions() + third.partitions() == PARTITIONS
                && first.partitions() <= 3
                && second.partitions() <= 3
                && third.partitions() <= 3);
    long last = 0;
    for (int i = 0; i < 50; i++) {
      last = appendSome(random);
    }
    assertThat(third.runner.await(last, PATIENCE).parked()).isEmpty();
    assertThat(AppliedChecker.check(log(), database.applied(name))).isEmpty();
    first.close();
    second.close();
    Eventually.until("the last to have all", () -> third.partitions() == PARTITIONS);
  }

  @Test
  void threeRunnersThatStopPauseAndStartApplyEachEventOnce() throws Exception {
    long seed = Long.getLong("varve.projections.seed", 42);
    Random random = new Random(seed);
    List<Instance> running = new ArrayList<>(List.of(process(), process(), process()));
    AtomicBoolean over = new AtomicBoolean();
    Thread writer =
        new Thread(
            () -> {
              Random own = new Random(seed);
              while (!over.get()) {
                appendSome(own);
              }
            });
    writer.start();
    long fenced = 0;
    int pauses = 0;
    int stops = 0;
    try {
      for (int round = 0; round < 6; round++) {
        Instance chosen = running.get(random.nextInt(running.size()));
        Eventually.until("the chosen one to have work", () -> chosen.partitions() > 0);
        if (round % 2 == 0) {
          pauses++;
          chosen.gate.close();
          Eventually.until("it to be held up", () -> chosen.gate.waiting() > 0);
          // Everything up to here is applied without it: the others have waited its lease out.
          long head = client.head().position();
          Instance other = running.get((running.indexOf(chosen) + 1) % running.size());
          other.runner.await(head, PATIENCE);
          chosen.gate.open();
        } else {
          stops++;
          chosen.close();
          fenced += chosen.runner.metrics().fenced();
          running.remove(chosen);
          running.add(process());
        }
      }
    } finally {
      over.set(true);
      writer.join();
    }
    long last = client.head().position();
    for (Instance process : running) {
      assertThat(process.runner.await(last, PATIENCE).parked()).isEmpty();
    }
    for (Instance process : running) {
      fenced += process.runner.metrics().fenced();
    }
    assertThat(AppliedChecker.check(log(), database.applied(name))).as("seed %d", seed).isEmpty();
    System.out.printf(
        "seed %d: %d events, %d stops, %d pauses, %d partitions fenced%n",
        seed, log().size(), stops, pauses, fenced);
    assertThat(fenced).as("paused holders that woke up and were refused").isPositive();
  }

  @Test
  void aHolderThatWakesUpAfterItsLeaseAppliesNothing() {
    Instance paused = pauseOneWithEventsInHand(true);
    paused.gate.open();
    Eventually.until("it to be refused", () -> paused.runner.metrics().fenced() > 0);
    paused.runner.await(client.head().position(), PATIENCE);
    assertThat(AppliedChecker.check(log(), database.applied(name))).isEmpty();
  }

  /** The same with a bug: nobody asks who owns the checkpoint. It must be found. */
  @Test
  void withoutFencingTheCheckerFindsEventsThatWereAppliedTwice() {
    Instance paused = pauseOneWithEventsInHand(false);
    paused.gate.open();
    Eventually.until(
        "the bug to be found",
        () ->
            AppliedChecker.check(log(), database.applied(name)).stream()
                .anyMatch(wrong -> wrong.contains("was applied 2 times")));
  }

  /** Paused just before it commits, and all it was to commit applied by another meanwhile. */
  private Instance pauseOneWithEventsInHand(boolean fencing) {
    Instance paused = closeLater(new Instance(fencing));
    Eventually.until("one to have all", () -> paused.partitions() == PARTITIONS);
    Random random = new Random(3);
    paused.runner.await(appendSome(random), PATIENCE);
    paused.gate.close();
    long last = 0;
    for (int i = 0; i < 20; i++) {
      last = appendSome(random);
    }
    Eventually.until(
        "its partitions to be held up before they commit",
        () -> paused.gate.waiting() >= PARTITIONS);
    Instance other = closeLater(new Instance(fencing));
    other.runner.await(last, PATIENCE);
    assertThat(AppliedChecker.check(log(), database.applied(name))).isEmpty();
    return paused;
  }

  @Test
  void whatWasPausedAtItsCommitIsAppliedOnceWhoeverFinishes() {
    Gate commits = new Gate();
    JdbcCheckpointStore store =
        JdbcCheckpointStore.of(
            (javax.sql.DataSource)
                java.lang.reflect.Proxy.newProxyInstance(
                    getClass().getClassLoader(),
                    new Class<?>[] {javax.sql.DataSource.class},
                    (proxy, method, arguments) ->
                        commits.before(database.dataSource().getConnection())));
    ProjectionRunner<Connection> paused =
        closeLater(
            ProjectionRunner.start(
                client,
                Projection.builder(name, store)
                    .filter(filter())
                    .partitions(1)
                    .lease(Duration.ofMillis(500))
                    .handler(Database.noting(name))
                    .build()));
    paused.await(append("a"), PATIENCE);
    commits.close();
    long last = append("a", "b");
    Eventually.until("it to be held up at its commit", () -> commits.waiting() > 0);
    ProjectionRunner<Connection> other =
        start(
            Projection.builder(name, database.store())
                .filter(filter())
                .partitions(1)
                .lease(Duration.ofMillis(500))
                .handler(Database.noting(name))
                .build());
    commits.open();
    other.await(last, PATIENCE);
    assertThat(AppliedChecker.check(log(), database.applied(name))).isEmpty();
  }
}
