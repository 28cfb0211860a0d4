package io.varve.client.projections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A new generation is built beside the live one, and takes its place. */
class RebuildTest extends ProjectionTestBase {

  private Database database;

  @BeforeEach
  void openDatabase() {
    database = closeLater(Database.h2());
  }

  private Projection<Connection> generation(int generation) {
    return Projection.builder(name, database.store())
        .filter(filter())
        .retry(QUICK)
        .generation(generation)
        .handler(Database.noting(name + "-" + generation))
        .build();
  }

  private void showGeneration(Connection connection, int generation) throws Exception {
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          "UPDATE shown SET generation = " + generation + " WHERE projection = '" + name + "'");
    }
  }

  private void show(int generation) {
    database.execute("CREATE TABLE shown (projection VARCHAR(100) PRIMARY KEY, generation INT)");
    database.execute("INSERT INTO shown VALUES ('" + name + "', " + generation + ")");
  }

  private long shown() {
    return database.number("SELECT generation FROM shown WHERE projection = '" + name + "'");
  }

  @Test
  void aRebuildTakesThePlaceOfWhatIsLiveWithoutGoingBackInTime() throws Exception {
    show(1);
    append("a", "b", "a");
    ProjectionRunner<Connection> live = start(generation(1));
    live.await(append("b"), PATIENCE);
    assertThat(live.isLive()).isTrue();

    ProjectionRunner<Connection> rebuilt = start(generation(2));
    rebuilt.await(append("c"), PATIENCE);
    assertThat(rebuilt.isLive()).isFalse();
    rebuilt.switchOver(PATIENCE, connection -> showGeneration(connection, 2));

    assertThat(rebuilt.isLive()).isTrue();
    assertThat(shown()).isEqualTo(2);
    assertThat(database.positions(name + "-2")).containsAll(database.positions(name + "-1"));
    long last = append("a");
    rebuilt.await(last, PATIENCE);
    Eventually.until("the old one to end", () -> live.done().isCompletedExceptionally());
    assertThatThrownBy(() -> live.await(last, PATIENCE))
        .isInstanceOf(FencedException.class)
        .hasMessageContaining("a newer generation is live");
    assertThat(AppliedChecker.check(log(), database.applied(name + "-2"))).isEmpty();
    assertThat(database.positions(name + "-1")).doesNotContain(last);

    assertThatThrownBy(() -> start(generation(1)))
        .isInstanceOf(ProjectionException.class)
        .hasMessageContaining("was replaced by 2");
    rebuilt.switchOver(PATIENCE, connection -> showGeneration(connection, 3));
    assertThat(shown()).as("it is live already").isEqualTo(2);
    assertThatThrownBy(() -> database.store().forget(name, 2)).hasMessageContaining("is live");
    database.store().forget(name, 1);
    assertThat(database.store().checkpoints(name, 1)).isEmpty();
  }

  @Test
  void aRebuildTakesOverWhileEventsKeepComing() throws Exception {
    show(1);
    ProjectionRunner<Connection> live = start(generation(1));
    AtomicBoolean over = new AtomicBoolean();
    Thread writer =
        new Thread(
            () -> {
              while (!over.get()) {
                append("a", "b");
              }
            });
    writer.start();
    try {
      ProjectionRunner<Connection> rebuilt = start(generation(2));
      rebuilt.await(client.head().position(), PATIENCE);
      rebuilt.switchOver(
          PATIENCE,
          connection -> {
            // Within the transaction: whoever reads what is shown from here on sees all of that.
            assertThat(database.positions(name + "-2"))
                .containsAll(database.positions(name + "-1"));
            showGeneration(connection, 2);
          });
    } finally {
      over.set(true);
      writer.join();
    }
    assertThat(shown()).isEqualTo(2);
    Eventually.until("the old one to end", () -> live.done().isCompletedExceptionally());
    assertThat(database.positions(name + "-2")).containsAll(database.positions(name + "-1"));
  }

  @Test
  void aRebuildThatIsTooSlowChangesNothing() throws Exception {
    CountDownLatch may = new CountDownLatch(1);
    ProjectionRunner<Connection> live = start(generation(1));
    live.await(append("a"), PATIENCE);
    ProjectionRunner<Connection> rebuilt =
        start(
            generation(2).toBuilder()
                .handler(
                    (event, connection) -> {
                      may.await();
                      Database.note(name + "-2", event, connection);
                    })
                .build());
    assertThatThrownBy(() -> rebuilt.switchOver(Duration.ofMillis(200), connection -> {}))
        .isInstanceOf(TimeoutException.class)
        .hasMessageContaining("nothing was changed");
    assertThat(live.isLive()).isTrue();
    live.await(append("a"), PATIENCE);
    may.countDown();
    rebuilt.await(client.head().position(), PATIENCE);
    rebuilt.switchOver(PATIENCE, connection -> {});
    assertThat(rebuilt.isLive()).isTrue();
  }

  @Test
  void workThatFailsChangesNothing() {
    ProjectionRunner<Connection> live = start(generation(1));
    long last = append("a");
    live.await(last, PATIENCE);
    ProjectionRunner<Connection> rebuilt = start(generation(2));
    rebuilt.await(last, PATIENCE);
    assertThatThrownBy(
            () ->
                rebuilt.switchOver(
                    PATIENCE,
                    connection -> {
                      throw new java.sql.SQLException("no such view");
                    }))
        .isInstanceOf(java.sql.SQLException.class)
        .hasMessage("no such view");
    assertThat(live.isLive()).isTrue();
    live.await(append("b"), PATIENCE);
  }

  @Test
  void aStoreWithoutATransactionSwitchesToo() throws Exception {
    MemoryCheckpointStore store = new MemoryCheckpointStore();
    Projection<NoTransaction> first =
        Projection.builder(name, store)
            .filter(filter())
            .handler((EventHandler) event -> {})
            .build();
    ProjectionRunner<NoTransaction> live = start(first);
    live.await(append("a"), PATIENCE);
    ProjectionRunner<NoTransaction> rebuilt = start(first.toBuilder().generation(2).build());
    rebuilt.await(append("a"), PATIENCE);
    rebuilt.switchOver(PATIENCE, transaction -> {});
    assertThat(store.liveGeneration(name)).hasValue(2);
    append("a");
    Eventually.until("the old one to end", () -> live.done().isCompletedExceptionally());
  }
}
