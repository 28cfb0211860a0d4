package io.varve.client.projections;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.projections.FaultyDataSource.Fault;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Each event is applied exactly once, whatever breaks between the database and a projection. */
class JdbcExactlyOnceTest extends ProjectionTestBase {

  private static final int EVENTS = 9;

  private Database database;

  @BeforeEach
  void openDatabase() {
    database = closeLater(Database.h2());
  }

  private Projection.Builder<Connection> projection(String projection, JdbcCheckpointStore store) {
    return Projection.builder(projection, store)
        .filter(filter())
        .retry(QUICK)
        .batchEvents(4)
        .handler(Database.noting(projection));
  }

  private long fill() {
    long last = 0;
    for (int i = 0; i < EVENTS; i++) {
      last = append("s" + i % 3);
    }
    return last;
  }

  @Test
  void everyEventIsAppliedOnceWithItsCheckpoint() {
    long last = fill();
    ProjectionRunner<Connection> runner = start(projection(name, database.store()).build());
    runner.await(last, PATIENCE);
    assertThat(AppliedChecker.check(log(), database.applied(name))).isEmpty();
    Checkpoint checkpoint = database.store().checkpoints(name, 1).get(0);
    assertThat(checkpoint.position()).isGreaterThanOrEqualTo(last);
  }

  /** One connection breaks, at each step there is in turn, before or after the step was done. */
  @Test
  void aConnectionThatBreaksAtAnyStepSkipsAndRepeatsNothing() throws Exception {
    long last = fill();
    long steps = run(name + "-count", (step, name) -> Fault.NONE, last).steps();
    assertThat(steps).as("steps of a whole run").isGreaterThan(30);
    List<CompletableFuture<Long>> runs = new ArrayList<>();
    for (long broken = 0; broken < steps; broken++) {
      long at = broken;
      for (Fault fault : List.of(Fault.BEFORE, Fault.AFTER)) {
        String projection = name + "-" + at + fault;
        runs.add(
            CompletableFuture.supplyAsync(
                () ->
                    run(projection, (step, name) -> step == at ? fault : Fault.NONE, last)
                        .broken()));
      }
    }
    long injected = 0;
    for (CompletableFuture<Long> run : runs) {
      injected += run.get();
    }
    assertThat(injected).as("faults that happened").isGreaterThan(60);
  }

  /** Many break, at steps drawn from a seed. */
  @Test
  void connectionsThatBreakAgainAndAgainSkipAndRepeatNothing() {
    long last = fill();
    long injected = 0;
    for (int seed = 1; seed <= 10; seed++) {
      Random random = new Random(seed);
      FaultyDataSource faulty =
          run(
              name + "-seed" + seed,
              (step, name) -> {
                synchronized (random) {
                  int drawn = random.nextInt(40);
                  return drawn == 0 ? Fault.BEFORE : drawn == 1 ? Fault.AFTER : Fault.NONE;
                }
              },
              last);
      injected += faulty.broken();
    }
    assertThat(injected).isGreaterThan(5);
  }

  private FaultyDataSource run(String projection, FaultyDataSource.Faults faults, long last) {
    // Opened beforehand, so that every run has the same steps.
    database.store().open(projection, 1, 1, false, client.logIdentity().orElseThrow());
    FaultyDataSource faulty = new FaultyDataSource(database.dataSource(), faults);
    JdbcCheckpointStore real = database.store();
    CheckpointStore<Connection> store =
        new OpenedStore(JdbcCheckpointStore.of(faulty.dataSource()), real);
    try (ProjectionRunner<Connection> runner =
        ProjectionRunner.start(
            client,
            Projection.builder(projection, store)
                .filter(filter())
                .retry(QUICK)
                .batchEvents(4)
                .handler(Database.noting(projection))
                .build())) {
      runner.await(last, PATIENCE);
      assertThat(runner.parked()).as("nothing is wrong with any event").isEmpty();
    }
    assertThat(AppliedChecker.check(log(), database.applied(projection))).as(projection).isEmpty();
    return faulty;
  }

  /** Breaks as the one, but opens and lists as the other. */
  private static final class OpenedStore extends ForwardingStore<Connection> {
    private final JdbcCheckpointStore sound;

    OpenedStore(CheckpointStore<Connection> breaking, JdbcCheckpointStore sound) {
      super(breaking);
      this.sound = sound;
    }

    @Override
    public void open(
        String projection, int generation, int partitions, boolean shared, java.util.UUID log) {
      sound.open(projection, generation, partitions, shared, log);
    }

    @Override
    public List<Checkpoint> checkpoints(String projection, int generation) {
      return sound.checkpoints(projection, generation);
    }
  }

  @Test
  void aHandlerThatFailsHalfWayLeavesNothingBehind() {
    long last = fill();
    AtomicInteger calls = new AtomicInteger();
    ProjectionRunner<Connection> runner =
        start(
            projection(name, database.store())
                .handler(
                    (event, connection) -> {
                      Database.note(name, event, connection);
                      if (calls.incrementAndGet() % 3 == 0) {
                        throw new IllegalStateException("after it wrote");
                      }
                    })
                .build());
    assertThat(runner.await(last, PATIENCE).parked()).isEmpty();
    assertThat(AppliedChecker.check(log(), database.applied(name))).isEmpty();
    assertThat(runner.metrics().retried()).isPositive();
  }

  @Test
  void aHandlerCannotEndTheTransaction() {
    append("a");
    List<String> refused = new ArrayList<>();
    ProjectionRunner<Connection> runner =
        start(
            projection(name, database.store())
                .handler(
                    (event, connection) -> {
                      try {
                        connection.commit();
                      } catch (SQLException e) {
                        refused.add(e.getMessage());
                      }
                      try {
                        connection.rollback();
                      } catch (SQLException e) {
                        refused.add(e.getMessage());
                      }
                      connection.rollback(connection.setSavepoint());
                      connection.close();
                    })
                .build());
    runner.await(append("b"), PATIENCE);
    Eventually.until("both to be parked", () -> runner.parked().size() == 2);
    assertThat(refused)
        .contains(
            "a projection's handler must not call Connection.commit(): the transaction is the"
                + " checkpoint's")
        .anyMatch(message -> message.contains("rollback()"));
    assertThat(runner.parked().get(0).error()).contains("Connection.close()");
  }

  @Test
  void runnersThatAreStoppedAnywhereSkipAndRepeatNothing() {
    Random random = new Random(7);
    long last = 0;
    for (int i = 0; i < 30; i++) {
      try (ProjectionRunner<Connection> runner =
          ProjectionRunner.start(client, projection(name, database.store()).build())) {
        for (int n = random.nextInt(6); n >= 0; n--) {
          last = append("s" + random.nextInt(3));
        }
        if (random.nextInt(3) == 0) {
          runner.await(last, PATIENCE);
        }
      }
    }
    start(projection(name, database.store()).build()).await(last, PATIENCE);
    assertThat(AppliedChecker.check(log(), database.applied(name))).isEmpty();
  }

  @Test
  void aBatchOfWhichOneEventFailsIsAppliedWithoutIt() {
    for (int i = 0; i < 20; i++) {
      append("s" + i % 5);
    }
    ProjectionRunner<Connection> runner =
        start(
            projection(name, database.store())
                .batchEvents(100)
                .handler(
                    (event, connection) -> {
                      if (event.source().endsWith("/s3")) {
                        throw new IllegalStateException("never");
                      }
                      Database.note(name, event, connection);
                    })
                .build());
    assertThat(runner.await(append("s0"), PATIENCE).parked()).containsExactly(name + "/s3");
    assertThat(
            AppliedChecker.check(
                log().stream().filter(event -> !event.source().endsWith("/s3")).toList(),
                database.applied(name)))
        .isEmpty();
  }
}
