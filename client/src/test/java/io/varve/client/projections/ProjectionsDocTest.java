package io.varve.client.projections;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;
import io.varve.client.NewEvent;
import io.varve.client.SnippetPage;
import io.varve.client.commands.EventType;
import io.varve.client.serialization.EventCodec;
import io.varve.client.serialization.EventTypes;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import javax.sql.DataSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The snippets of {@code docs/projections.md}: they compile, they run, the page shows them. */
class ProjectionsDocTest extends ProjectionTestBase {

  // snippet: events
  @EventType("MoneyDeposited")
  record MoneyDeposited(long amount) {}

  @EventType("MoneyWithdrawn")
  record MoneyWithdrawn(long amount) {}

  // end

  // snippet: upsert
  static void add(Connection connection, String table, String account, long amount)
      throws SQLException {
    try (PreparedStatement update =
        connection.prepareStatement(
            "UPDATE " + table + " SET balance = balance + ? WHERE id = ?")) {
      update.setLong(1, amount);
      update.setString(2, account);
      if (update.executeUpdate() == 0) {
        try (PreparedStatement insert =
            connection.prepareStatement("INSERT INTO " + table + " (id, balance) VALUES (?, ?)")) {
          insert.setString(1, account);
          insert.setLong(2, amount);
          insert.executeUpdate();
        }
      }
    }
  }

  // end

  private static final EventCodec CODEC =
      EventCodec.json(EventTypes.of(MoneyDeposited.class, MoneyWithdrawn.class));

  private final List<String> printed = new ArrayList<>();
  private Database database;
  private DataSource dataSource;
  private String account = "";

  private void print(Object what) {
    printed.add(String.valueOf(what));
  }

  @BeforeEach
  void openDatabase() {
    database = closeLater(Database.h2());
    dataSource = database.dataSource();
    database.execute("CREATE TABLE account (id VARCHAR(100) PRIMARY KEY, balance BIGINT)");
    database.execute("CREATE TABLE account_2 (id VARCHAR(100) PRIMARY KEY, balance BIGINT)");
    account = NODE.unique("account");
  }

  private long deposit(String source, long amount) {
    return client
        .append(CODEC.encode(source, new MoneyDeposited(amount)).sourceType(name).build())
        .orThrow()
        .lastPosition();
  }

  private Projection<Connection> balances() {
    return Projection.builder(name, JdbcCheckpointStore.of(dataSource))
        .filter(filter())
        .handler(
            TypedHandlers.<Connection>builder(CODEC)
                .on(
                    MoneyDeposited.class,
                    (deposited, recorded, connection) ->
                        add(connection, "account", recorded.source(), deposited.amount()))
                .build())
        .build();
  }

  @Test
  void thePageShowsExactlyTheseSnippets() throws IOException {
    SnippetPage.assertShows(
        Path.of("..", "docs", "projections.md"),
        Path.of("src/test/java/io/varve/client/projections/ProjectionsDocTest.java"));
  }

  @Test
  void startsAProjection() {
    EventCodec codec = CODEC;
    long position = deposit(account, 7);
    // snippet: projection
    JdbcCheckpointStore store = JdbcCheckpointStore.of(dataSource).createTables();

    TypedHandlers<Connection> handlers =
        TypedHandlers.<Connection>builder(codec)
            .on(
                MoneyDeposited.class,
                (deposited, recorded, connection) ->
                    add(connection, "account", recorded.source(), deposited.amount()))
            .on(
                MoneyWithdrawn.class,
                (withdrawn, recorded, connection) ->
                    add(connection, "account", recorded.source(), -withdrawn.amount()))
            .build();

    Projection<Connection> balances =
        Projection.builder("balances", store).filter(handlers.filter()).handler(handlers).build();

    ProjectionRunner<Connection> runner = ProjectionRunner.start(client, balances);
    // end
    closeLater(runner);
    runner.await(position, PATIENCE);
    assertThat(database.number("SELECT balance FROM account WHERE id = '" + account + "'"))
        .isEqualTo(7);
  }

  @Test
  void usesAFile(@TempDir Path directory) {
    // snippet: file
    FileCheckpointStore store = FileCheckpointStore.open(directory);

    Projection<NoTransaction> audit =
        Projection.builder("audit", store)
            .handler(event -> print(event.source() + " " + event.type())) // may see an event again
            .build();
    // end
    closeLater(store);
    start(audit).await(deposit(account, 1), PATIENCE);
    assertThat(printed).contains(account + " MoneyDeposited");
  }

  @Test
  void readsItsOwnWrites() {
    ProjectionRunner<Connection> runner = start(balances());
    NewEvent event = CODEC.encode(account, new MoneyDeposited(5)).sourceType(name).build();
    // snippet: await
    long position = client.append(event).orThrow().lastPosition();

    Applied applied = runner.await(position, Duration.ofSeconds(60));
    if (applied.parked().contains(event.source())) {
      print("this source is parked: what was just written does not show");
    }

    CompletableFuture<Applied> later = runner.await(position); // or without blocking
    // end
    assertThat(later).succeedsWithin(PATIENCE);
    assertThat(printed).isEmpty();
    assertThat(database.number("SELECT balance FROM account WHERE id = '" + account + "'"))
        .isEqualTo(5);
  }

  @Test
  void dealsWithParkedSources() {
    Projection<Connection> failing =
        balances().toBuilder()
            .retry(QUICK)
            .handler(
                event -> {
                  throw new IllegalStateException("cannot");
                })
            .build();
    ProjectionRunner<Connection> runner = start(failing);
    runner.await(deposit(account, 1), PATIENCE);
    // snippet: parked
    for (ParkedSource parked : runner.parked()) {
      print(parked.source() + ": " + parked.events() + " events, " + parked.error());
      runner.resume(parked.source()); // or skipEvent, or skipAll
    }
    // end
    assertThat(printed)
        .containsExactly(account + ": 1 events, java.lang.IllegalStateException: cannot");
    runner.skipAll(account);
    Eventually.until("nothing to be parked", () -> runner.parked().isEmpty());
  }

  @Test
  void shares() {
    MetricRegistry registry = new MetricRegistry();
    // snippet: shared
    Projection<Connection> shared =
        balances().toBuilder()
            .partitions(8) // fixed for this generation
            .lease(Duration.ofSeconds(30))
            .metrics(registry)
            .build();

    ProjectionRunner<Connection> runner = ProjectionRunner.start(client, shared);
    // end
    closeLater(runner);
    runner.await(deposit(account, 2), PATIENCE);
    assertThat(runner.metrics().partitions()).isEqualTo(8);
    assertThat(registry.getGauges()).containsKey("varve.projection." + name + ".1.lag");
  }

  @Test
  void rebuilds() throws Exception {
    database.execute("CREATE VIEW balance AS SELECT id, balance FROM account");
    Projection<Connection> balances = balances();
    start(balances).await(deposit(account, 3), PATIENCE);
    // snippet: rebuild
    Projection<Connection> second =
        balances.toBuilder()
            .generation(2)
            .handler(
                TypedHandlers.<Connection>builder(CODEC)
                    .on(
                        MoneyDeposited.class,
                        (deposited, recorded, connection) ->
                            add(connection, "account_2", recorded.source(), deposited.amount()))
                    .build())
            .build();

    ProjectionRunner<Connection> rebuilt = ProjectionRunner.start(client, second);
    rebuilt.await(client.head().position(), Duration.ofHours(1)); // the old one goes on meanwhile
    rebuilt.switchOver(
        Duration.ofSeconds(60),
        connection -> {
          try (Statement statement = connection.createStatement()) {
            statement.execute(
                "CREATE OR REPLACE VIEW balance AS SELECT id, balance FROM account_2");
          }
        });
    // end
    closeLater(rebuilt);
    rebuilt.await(deposit(account, 4), PATIENCE);
    assertThat(database.number("SELECT balance FROM balance WHERE id = '" + account + "'"))
        .isEqualTo(7);
  }
}
