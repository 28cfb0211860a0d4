package io.varve.client.projections;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.projections.FaultyDataSource.Fault;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Exactly once on PostgreSQL, which aborts a transaction after the first error in it. */
class PostgresProjectionTest extends ProjectionTestBase {

  @RegisterExtension static final PostgresServer POSTGRES = new PostgresServer();

  private Database database;

  @BeforeEach
  void openDatabase() throws SQLException {
    database = closeLater(Database.over(POSTGRES.database()));
  }

  private Projection.Builder<Connection> projection(JdbcCheckpointStore store) {
    return Projection.builder(name, store)
        .filter(filter())
        .retry(QUICK)
        .batchEvents(4)
        .handler(Database.noting(name));
  }

  @Test
  void connectionsThatBreakSkipAndRepeatNothing() {
    Random random = new Random(5);
    FaultyDataSource faulty =
        new FaultyDataSource(
            database.dataSource(),
            (step, name) -> {
              synchronized (random) {
                int drawn = step < 60 ? 2 : random.nextInt(50);
                return drawn == 0 ? Fault.BEFORE : drawn == 1 ? Fault.AFTER : Fault.NONE;
              }
            });
    ProjectionRunner<Connection> runner =
        start(projection(JdbcCheckpointStore.of(faulty.dataSource())).build());
    long last = 0;
    for (int i = 0; i < 60; i++) {
      last = append("s" + i % 7);
      if (i % 10 == 0) {
        runner.await(last, PATIENCE);
      }
    }
    runner.await(last, PATIENCE);
    assertThat(faulty.broken()).isPositive();
    assertThat(AppliedChecker.check(log(), database.applied(name))).isEmpty();
  }

  @Test
  void anErrorInTheMiddleOfATransactionLeavesNothingBehind() {
    AtomicInteger calls = new AtomicInteger();
    ProjectionRunner<Connection> runner =
        start(
            projection(database.store())
                .handler(
                    (event, connection) -> {
                      Database.note(name, event, connection);
                      if (calls.incrementAndGet() % 5 == 0) {
                        // Violates a constraint: the whole transaction is aborted.
                        connection
                            .createStatement()
                            .execute("INSERT INTO applied (source) VALUES (NULL)");
                      }
                    })
                .build());
    long last = 0;
    for (int i = 0; i < 20; i++) {
      last = append("s" + i % 3);
    }
    assertThat(runner.await(last, PATIENCE).parked()).isEmpty();
    assertThat(runner.metrics().retried()).isPositive();
    assertThat(AppliedChecker.check(log(), database.applied(name))).isEmpty();
  }

  @Test
  void aPausedHolderIsFenced() {
    Gate gate = new Gate();
    Projection<Connection> gated =
        projection(JdbcCheckpointStore.of(gate.before(database.dataSource())))
            .partitions(2)
            .lease(Duration.ofSeconds(1))
            .build();
    ProjectionRunner<Connection> paused =
        closeLater(ProjectionRunner.start(gate.before(client), gated));
    paused.await(append("a", "b", "c", "d"), PATIENCE);
    gate.close();
    long last = append("a", "b", "c", "d");
    Eventually.until("both partitions to be held up", () -> gate.waiting() >= 2);
    ProjectionRunner<Connection> other =
        start(projection(database.store()).partitions(2).lease(Duration.ofSeconds(1)).build());
    other.await(last, PATIENCE);
    gate.open();
    Eventually.until("the paused one to be refused", () -> paused.metrics().fenced() > 0);
    assertThat(AppliedChecker.check(log(), database.applied(name))).isEmpty();
  }

  @Test
  void aRebuildIsSwitchedOverWhileEventsKeepComing() throws Exception {
    ProjectionRunner<Connection> live = start(projection(database.store()).build());
    live.await(append("a"), PATIENCE);
    ProjectionRunner<Connection> rebuilt =
        start(
            projection(database.store())
                .generation(2)
                .handler(Database.noting(name + "-2"))
                .build());
    CompletableFuture<Void> writing =
        CompletableFuture.runAsync(
            () -> {
              for (int i = 0; i < 50; i++) {
                append("a", "b");
              }
            });
    rebuilt.switchOver(
        PATIENCE,
        connection ->
            assertThat(database.positions(name + "-2")).containsAll(database.positions(name)));
    writing.get();
    rebuilt.await(client.head().position(), PATIENCE);
    Eventually.until("the old one to end", () -> live.done().isCompletedExceptionally());
    assertThat(AppliedChecker.check(log(), database.applied(name + "-2"))).isEmpty();
  }
}
