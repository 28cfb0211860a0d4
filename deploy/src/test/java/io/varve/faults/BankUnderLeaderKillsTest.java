package io.varve.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.EventStream;
import io.varve.client.Filter;
import io.varve.client.ReadOptions;
import io.varve.client.RetryPolicy;
import io.varve.client.VarveClient;
import io.varve.client.commands.CommandResult;
import io.varve.client.commands.Commands;
import io.varve.client.commands.EventSourceId;
import io.varve.client.projections.JdbcCheckpointStore;
import io.varve.client.projections.Projection;
import io.varve.client.projections.ProjectionRunner;
import io.varve.faults.Bank.OpenAccount;
import io.varve.faults.Bank.Transfer;
import io.varve.faults.ProcessCluster.Leader;
import io.varve.faults.ProcessCluster.Options;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.h2.jdbcx.JdbcConnectionPool;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Transfers decided by commands, while the process that decides their order is killed. */
@Tag("faults")
class BankUnderLeaderKillsTest {
  private static final Duration LIMIT = Duration.ofMinutes(3);
  private static final int ACCOUNTS = 100;
  private static final int WRITERS = 16;
  private static final int KILLS = 2;
  private static final int RUNNERS = 3;
  private static final int PARTITIONS = 6;
  private static final long OPENING = 1_000;
  private static final Duration RUN = Duration.ofSeconds(Effort.of(30, 600));

  @RegisterExtension private final Clusters clusters = new Clusters();

  private final AtomicBoolean over = new AtomicBoolean();
  private final Set<String> acknowledged = ConcurrentHashMap.newKeySet();
  private final AtomicLong rejected = new AtomicLong();
  private final AtomicLong violated = new AtomicLong();

  @Test
  void noMoneyIsLostOrMadeAndTheProjectionEqualsTheLog() throws Exception {
    long seed = Effort.seed("BankUnderLeaderKillsTest");
    ProcessCluster cluster = clusters.create(Options.plain()).start();
    JdbcConnectionPool database =
        JdbcConnectionPool.create("jdbc:h2:mem:bank;DB_CLOSE_DELAY=-1", "sa", "");
    database.setMaxConnections(RUNNERS * PARTITIONS + 4);
    createTables(database);
    List<VarveClient> clients = new ArrayList<>();
    List<ProjectionRunner<Connection>> runners = new ArrayList<>();
    ExecutorService threads = Executors.newFixedThreadPool(WRITERS);
    try {
      VarveClient client = client(cluster, clients);
      Commands commands =
          Commands.builder(client)
              .codec(Bank.CODEC)
              .retry(RetryPolicy.defaults().withMaxAttempts(20))
              .build();
      for (int i = 0; i < ACCOUNTS; i++) {
        assertThat(commands.execute(new OpenAccount(account(i), OPENING)))
            .isInstanceOf(CommandResult.Appended.class);
      }
      for (int i = 0; i < RUNNERS; i++) {
        runners.add(ProjectionRunner.start(client(cluster, clients), projection(database)));
      }

      long begin = System.nanoTime();
      List<Future<?>> writing = new ArrayList<>();
      for (int writer = 0; writer < WRITERS; writer++) {
        int number = writer;
        writing.add(threads.submit(() -> transfer(commands, number, new Random(seed + number))));
      }
      for (int kill = 1; kill <= KILLS; kill++) {
        long due = RUN.toNanos() * kill / (KILLS + 1);
        Await.until("time for a kill", LIMIT.plus(RUN), () -> System.nanoTime() - begin >= due);
        Leader old = cluster.awaitLeader(LIMIT);
        assertThat(writing).as("writers are at work").noneMatch(Future::isDone);
        old.node().kill();
        assertThat(cluster.awaitLeaderAfter(old, LIMIT).node()).isNotEqualTo(old.node());
        int then = acknowledged.size();
        Await.until("transfers under the new leader", LIMIT, () -> acknowledged.size() > then);
        old.node().start();
      }
      Await.until(
          "the run to be over", LIMIT.plus(RUN), () -> System.nanoTime() - begin >= RUN.toNanos());
      over.set(true);
      for (Future<?> future : writing) {
        future.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
      }

      cluster.awaitReady();
      BankChecker bank = new BankChecker();
      try (EventStream events = client.read(ReadOptions.matching(bank()))) {
        events.forEach(bank::add);
      }
      System.out.printf(
          "%d transfers acknowledged, %d landed, %d rejected, %d given up after violations%n",
          acknowledged.size(), bank.transfers().size(), rejected.get(), violated.get());
      assertThat(Bank.DECISIONS)
          .as("decisions; more than commands, since writers contended")
          .hasValueGreaterThan(acknowledged.size() + rejected.get() + violated.get());
      assertThat(bank.wrong()).isEmpty();
      assertThat(bank.balances()).hasSize(ACCOUNTS);
      assertThat(bank.balances().values().stream().mapToLong(Long::longValue).sum())
          .isEqualTo(ACCOUNTS * OPENING);
      // Every answer was waited for, so that the two are equal, not only one within the other.
      assertThat(bank.transfers()).isEqualTo(acknowledged).hasSizeGreaterThan(100);

      long head = client.head().position();
      for (ProjectionRunner<Connection> runner : runners) {
        assertThat(runner.await(head, LIMIT).parked()).isEmpty();
      }
      assertThat(rows(database, "balance")).isEqualTo(bank.balances());
      Map<String, Long> events = new HashMap<>();
      bank.events().forEach((account, count) -> events.put(account, (long) count));
      assertThat(rows(database, "events")).as("events applied").isEqualTo(events);
    } finally {
      over.set(true);
      threads.shutdownNow();
      runners.forEach(ProjectionRunner::close);
      clients.forEach(VarveClient::close);
      database.dispose();
    }
  }

  private static EventSourceId account(int number) {
    return EventSourceId.of("account-" + number);
  }

  private static Filter bank() {
    return Filter.types("AccountOpened", "MoneySent", "MoneyReceived");
  }

  private static VarveClient client(ProcessCluster cluster, List<VarveClient> clients) {
    VarveClient.Builder builder = VarveClient.builder().deadline(LIMIT);
    cluster.clientPorts().forEach(port -> builder.target("127.0.0.1:" + port));
    VarveClient client = builder.build();
    clients.add(client);
    return client;
  }

  private void transfer(Commands commands, int writer, Random random) {
    for (int i = 0; !over.get(); i++) {
      int from = random.nextInt(ACCOUNTS);
      int to = (from + 1 + random.nextInt(ACCOUNTS - 1)) % ACCOUNTS;
      String id = writer + "-" + i;
      CommandResult result =
          commands.execute(
              new Transfer(id, account(from), account(to), 1 + random.nextInt((int) OPENING)));
      if (result instanceof CommandResult.Appended) {
        acknowledged.add(id);
      } else if (result instanceof CommandResult.Rejected) {
        rejected.incrementAndGet();
      } else {
        violated.incrementAndGet();
      }
    }
  }

  private static void createTables(JdbcConnectionPool database) throws SQLException {
    JdbcCheckpointStore unused = JdbcCheckpointStore.of(database).createTables();
    try (Connection connection = database.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(
          "CREATE TABLE account (id VARCHAR(100) PRIMARY KEY, balance BIGINT, events BIGINT)");
    }
  }

  private static Projection<Connection> projection(JdbcConnectionPool database) {
    return Projection.builder("bank", JdbcCheckpointStore.of(database))
        .filter(bank())
        .partitions(PARTITIONS)
        .lease(Duration.ofSeconds(5))
        .handler(
            (event, connection) -> {
              long change = Bank.change(Bank.CODEC.decode(event));
              try (PreparedStatement update =
                  connection.prepareStatement(
                      "UPDATE account SET balance = balance + ?, events = events + 1"
                          + " WHERE id = ?")) {
                update.setLong(1, change);
                update.setString(2, event.source());
                if (update.executeUpdate() == 1) {
                  return;
                }
              }
              try (PreparedStatement insert =
                  connection.prepareStatement("INSERT INTO account VALUES (?, ?, 1)")) {
                insert.setString(1, event.source());
                insert.setLong(2, change);
                insert.executeUpdate();
              }
            })
        .build();
  }

  private static Map<String, Long> rows(JdbcConnectionPool database, String column)
      throws SQLException {
    Map<String, Long> rows = new HashMap<>();
    try (Connection connection = database.getConnection();
        Statement statement = connection.createStatement();
        ResultSet found = statement.executeQuery("SELECT id, " + column + " FROM account")) {
      while (found.next()) {
        rows.put(found.getString(1), found.getLong(2));
      }
    }
    return rows;
  }
}
