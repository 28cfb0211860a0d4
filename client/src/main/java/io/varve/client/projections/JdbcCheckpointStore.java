package io.varve.client.projections;

import io.varve.client.projections.CheckpointCommit.Change;
import io.varve.client.projections.CheckpointCommit.Extend;
import io.varve.client.projections.CheckpointCommit.Park;
import io.varve.client.projections.CheckpointCommit.Release;
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
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Keeps checkpoints in a relational database and hands every handler the {@link Connection} of the
 * transaction that stores its checkpoint: what the handler writes there and the checkpoint are
 * committed together, so that each event is applied exactly once. Thread-safe.
 *
 * <p>Fencing: the first statement of each transaction moves the checkpoint's row on condition that
 * it still has this owner's token and the position this owner left there. The row stays locked to
 * the end, so that nobody takes over in the middle; a zombie's statement finds no row, and its
 * transaction is rolled back before the handler was called.
 *
 * <p>Made for PostgreSQL and H2, with plain SQL that other databases understand; the isolation
 * level is READ COMMITTED. Statements of the store's own wait at most 10 s. Each partition that is
 * worked on takes one connection at a time, and only while something is committed. The connections
 * must compare text by its bytes or case-sensitively, since sources are told apart by them.
 */
public final class JdbcCheckpointStore implements CheckpointStore<Connection> {

  private static final int STATEMENT_SECONDS = 10;
  private static final long SWITCH_POLL_MILLIS = 10;

  private static final List<String> TABLES =
      List.of(
          """
          CREATE TABLE IF NOT EXISTS varve_projection (
            projection      VARCHAR(100) NOT NULL PRIMARY KEY,
            live_generation INTEGER      NOT NULL
          )""",
          """
          CREATE TABLE IF NOT EXISTS varve_generation (
            projection   VARCHAR(100) NOT NULL,
            generation   INTEGER      NOT NULL,
            partitions   INTEGER      NOT NULL,
            shared       BOOLEAN      NOT NULL,
            log_identity VARCHAR(36)  NOT NULL,
            PRIMARY KEY (projection, generation)
          )""",
          """
          CREATE TABLE IF NOT EXISTS varve_checkpoint (
            projection       VARCHAR(100) NOT NULL,
            generation       INTEGER      NOT NULL,
            partition_number INTEGER      NOT NULL,
            owner_token      BIGINT       NOT NULL,
            log_position     BIGINT       NOT NULL,
            PRIMARY KEY (projection, generation, partition_number)
          )""",
          """
          CREATE TABLE IF NOT EXISTS varve_parked (
            projection       VARCHAR(100)  NOT NULL,
            generation       INTEGER       NOT NULL,
            source           VARCHAR(512)  NOT NULL,
            partition_number INTEGER       NOT NULL,
            first_position   BIGINT        NOT NULL,
            last_position    BIGINT        NOT NULL,
            events           BIGINT        NOT NULL,
            error            VARCHAR(1000) NOT NULL,
            requested        VARCHAR(16)   NOT NULL,
            PRIMARY KEY (projection, generation, source)
          )""");

  private static final String OF_GENERATION = " WHERE projection = ? AND generation = ?";
  private static final String OF_PARTITION = OF_GENERATION + " AND partition_number = ?";
  private static final String OF_SOURCE = OF_GENERATION + " AND source = ?";

  private final DataSource dataSource;
  private final boolean fencing;

  private JdbcCheckpointStore(DataSource dataSource, boolean fencing) {
    this.dataSource = dataSource;
    this.fencing = fencing;
  }

  /**
   * A store in the database of this data source, whose tables exist ({@link #ddl()}, {@link
   * #createTables()}). Nothing is done yet.
   */
  public static JdbcCheckpointStore of(DataSource dataSource) {
    return new JdbcCheckpointStore(dataSource, true);
  }

  /** The same store with a bug, for the test that finds it: nobody asks who the owner is. */
  JdbcCheckpointStore withoutFencing() {
    return new JdbcCheckpointStore(dataSource, false);
  }

  /** The statements that make the tables, for migration tools; each may be repeated. */
  public static List<String> ddl() {
    return TABLES;
  }

  /** Makes the tables that are missing, and returns this. */
  public JdbcCheckpointStore createTables() {
    for (String table : TABLES) {
      try {
        transact(
            connection -> {
              try (Statement statement = connection.createStatement()) {
                return statement.execute(table);
              }
            });
      } catch (CheckpointStoreException e) {
        // Two processes that make one table at once: one of them may be told that it exists.
        transact(connection -> update(connection, "DELETE FROM " + name(table) + " WHERE 1 = 0"));
      }
    }
    return this;
  }

  private static String name(String createTable) {
    return createTable.replaceAll("(?s)^.*?EXISTS (\\w+).*$", "$1");
  }

  @Override
  public boolean transactional() {
    return true;
  }

  @Override
  public void open(
      String projection, int generation, int partitions, boolean shared, UUID logIdentity) {
    ProjectionPartition.requireName(projection);
    ProjectionPartition.requireGeneration(generation);
    insertIfAbsent(
        "SELECT 1 FROM varve_projection WHERE projection = ?",
        List.of(projection),
        "INSERT INTO varve_projection (projection, live_generation) VALUES (?, ?)",
        List.of(projection, generation));
    StoreChecks.notRetired(projection, generation, liveGeneration(projection).orElse(0));
    insertIfAbsent(
        "SELECT 1 FROM varve_generation" + OF_GENERATION,
        List.of(projection, generation),
        "INSERT INTO varve_generation"
            + " (projection, generation, partitions, shared, log_identity) VALUES (?, ?, ?, ?, ?)",
        List.of(projection, generation, partitions, shared, logIdentity.toString()));
    transact(
        connection -> {
          try (PreparedStatement select =
                  prepare(
                      connection,
                      "SELECT partitions, shared, log_identity FROM varve_generation"
                          + OF_GENERATION,
                      projection,
                      generation);
              ResultSet row = select.executeQuery()) {
            if (!row.next()) {
              throw StoreChecks.unknown(projection + "/" + generation);
            }
            StoreChecks.same(
                projection,
                generation,
                row.getInt(1),
                row.getBoolean(2),
                UUID.fromString(row.getString(3)),
                partitions,
                shared,
                logIdentity);
            return true;
          }
        });
    for (int number = 0; number < partitions; number++) {
      insertIfAbsent(
          "SELECT 1 FROM varve_checkpoint" + OF_PARTITION,
          List.of(projection, generation, number),
          "INSERT INTO varve_checkpoint"
              + " (projection, generation, partition_number, owner_token, log_position)"
              + " VALUES (?, ?, ?, 0, 0)",
          List.of(projection, generation, number));
    }
  }

  @Override
  public Checkpoint claimNext(ProjectionPartition partition) {
    return transact(
        connection -> {
          int moved =
              update(
                  connection,
                  "UPDATE varve_checkpoint SET owner_token = owner_token + 1"
                      + OF_PARTITION
                      + " AND owner_token < ?",
                  partition.projection(),
                  partition.generation(),
                  partition.number(),
                  LocalProjection.RETIRED);
          Checkpoint found = read(connection, partition);
          if (moved == 0) {
            throw StoreChecks.retired(partition);
          }
          return found;
        });
  }

  @Override
  public Checkpoint claim(ProjectionPartition partition, long token) {
    return transact(
        connection -> {
          int moved =
              update(
                  connection,
                  "UPDATE varve_checkpoint SET owner_token = ?"
                      + OF_PARTITION
                      + " AND owner_token <= ?",
                  token,
                  partition.projection(),
                  partition.generation(),
                  partition.number(),
                  token);
          Checkpoint found = read(connection, partition);
          if (moved == 0) {
            throw StoreChecks.fenced(partition, token, found.token());
          }
          return found;
        });
  }

  @Override
  public void commit(CheckpointCommit commit, TransactionalWork<? super Connection> work)
      throws Exception {
    inTransactionWith(
        connection -> {
          fence(connection, commit);
          run(work, connection);
          for (Change change : commit.changes()) {
            store(connection, commit.partition(), change);
          }
          return true;
        });
  }

  /** First of all: the row's lock keeps others from taking over until the transaction ends. */
  private void fence(Connection connection, CheckpointCommit commit) throws SQLException {
    ProjectionPartition partition = commit.partition();
    String move = "UPDATE varve_checkpoint SET log_position = ?" + OF_PARTITION;
    int moved =
        fencing
            ? update(
                connection,
                move + " AND owner_token = ? AND log_position = ?",
                commit.toPosition(),
                partition.projection(),
                partition.generation(),
                partition.number(),
                commit.token(),
                commit.fromPosition())
            : update(
                connection,
                move,
                commit.toPosition(),
                partition.projection(),
                partition.generation(),
                partition.number());
    if (moved != 1) {
      Checkpoint found = read(connection, partition);
      throw StoreChecks.fenced(commit, found.token(), found.position());
    }
  }

  private static void store(Connection connection, ProjectionPartition partition, Change change)
      throws SQLException {
    if (change instanceof Park park) {
      ParkedSource parked = park.parked();
      int updated =
          update(
              connection,
              "UPDATE varve_parked SET first_position = ?, last_position = ?, events = ?,"
                  + " error = ?, requested = CASE WHEN requested = ? THEN ? ELSE requested END"
                  + OF_SOURCE,
              parked.firstPosition(),
              parked.lastPosition(),
              parked.events(),
              text(parked.error()),
              park.acted().name(),
              parked.action().name(),
              partition.projection(),
              partition.generation(),
              parked.source());
      if (updated == 0) {
        update(
            connection,
            "INSERT INTO varve_parked (projection, generation, source, partition_number,"
                + " first_position, last_position, events, error, requested)"
                + " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            partition.projection(),
            partition.generation(),
            parked.source(),
            partition.number(),
            parked.firstPosition(),
            parked.lastPosition(),
            parked.events(),
            text(parked.error()),
            parked.action().name());
      }
    } else if (change instanceof Extend extend) {
      update(
          connection,
          "UPDATE varve_parked SET last_position = ?, events = ?" + OF_SOURCE,
          extend.lastPosition(),
          extend.events(),
          partition.projection(),
          partition.generation(),
          extend.source());
    } else if (change instanceof Release release) {
      update(
          connection,
          "DELETE FROM varve_parked" + OF_SOURCE,
          partition.projection(),
          partition.generation(),
          release.source());
    }
  }

  /** PostgreSQL stores no NUL, and an exception's message may have one. */
  private static String text(String error) {
    return error.replace('\0', ' ');
  }

  @Override
  public List<Checkpoint> checkpoints(String projection, int generation) {
    return transact(
        connection -> {
          Map<Integer, List<ParkedSource>> parked = parked(connection, projection, generation, -1);
          List<Checkpoint> found = new ArrayList<>();
          try (PreparedStatement select =
                  prepare(
                      connection,
                      "SELECT partition_number, owner_token, log_position FROM varve_checkpoint"
                          + OF_GENERATION
                          + " ORDER BY partition_number",
                      projection,
                      generation);
              ResultSet rows = select.executeQuery()) {
            while (rows.next()) {
              int number = rows.getInt(1);
              found.add(
                  new Checkpoint(
                      new ProjectionPartition(projection, generation, number),
                      rows.getLong(2),
                      rows.getLong(3),
                      parked.getOrDefault(number, List.of())));
            }
          }
          return found;
        });
  }

  @Override
  public boolean request(String projection, int generation, String source, ParkedAction action) {
    return transact(
            connection ->
                update(
                    connection,
                    "UPDATE varve_parked SET requested = ?" + OF_SOURCE,
                    action.name(),
                    projection,
                    generation,
                    source))
        > 0;
  }

  @Override
  public OptionalInt liveGeneration(String projection) {
    return transact(connection -> live(connection, projection, ""));
  }

  private static OptionalInt live(Connection connection, String projection, String lock)
      throws SQLException {
    try (PreparedStatement select =
            prepare(
                connection,
                "SELECT live_generation FROM varve_projection WHERE projection = ?" + lock,
                projection);
        ResultSet row = select.executeQuery()) {
      return row.next() ? OptionalInt.of(row.getInt(1)) : OptionalInt.empty();
    }
  }

  @Override
  public void switchOver(
      String projection,
      int from,
      int to,
      Duration deadline,
      TransactionalWork<? super Connection> work)
      throws Exception {
    long end = System.nanoTime() + deadline.toNanos();
    inTransactionWith(
        connection -> {
          int live = live(connection, projection, " FOR UPDATE").orElse(0);
          StoreChecks.maySwitch(
              projection, from, to, live, extreme(connection, "MIN", projection, to) >= 0);
          // Holds the rows of the old generation: nothing of it moves from here on.
          update(
              connection,
              "UPDATE varve_checkpoint SET owner_token = ?" + OF_GENERATION,
              LocalProjection.RETIRED,
              projection,
              from);
          long goal = extreme(connection, "MAX", projection, from);
          long reached = extreme(connection, "MIN", projection, to);
          while (reached < goal) {
            if (System.nanoTime() - end >= 0) {
              throw new TimeoutException(
                  StoreChecks.tooSlow(projection, to, reached, goal, deadline));
            }
            TimeUnit.MILLISECONDS.sleep(SWITCH_POLL_MILLIS);
            reached = extreme(connection, "MIN", projection, to);
          }
          update(
              connection,
              "UPDATE varve_projection SET live_generation = ? WHERE projection = ?",
              to,
              projection);
          run(work, connection);
          return true;
        });
  }

  /** The lowest or the highest position of a generation; −1 = it is not known. */
  private static long extreme(
      Connection connection, String which, String projection, int generation) throws SQLException {
    try (PreparedStatement select =
            prepare(
                connection,
                "SELECT COUNT(*), "
                    + which
                    + "(log_position) FROM varve_checkpoint"
                    + OF_GENERATION,
                projection,
                generation);
        ResultSet row = select.executeQuery()) {
      row.next();
      return row.getLong(1) == 0 ? -1 : row.getLong(2);
    }
  }

  @Override
  public void forget(String projection, int generation) {
    transact(
        connection -> {
          if (live(connection, projection, " FOR UPDATE").orElse(0) == generation) {
            throw StoreChecks.live(projection, generation);
          }
          for (String table : List.of("varve_parked", "varve_checkpoint", "varve_generation")) {
            update(connection, "DELETE FROM " + table + OF_GENERATION, projection, generation);
          }
          return true;
        });
  }

  // ---- reading rows ----

  private static Checkpoint read(Connection connection, ProjectionPartition partition)
      throws SQLException {
    List<ParkedSource> parked =
        parked(connection, partition.projection(), partition.generation(), partition.number())
            .getOrDefault(partition.number(), List.of());
    try (PreparedStatement select =
            prepare(
                connection,
                "SELECT owner_token, log_position FROM varve_checkpoint" + OF_PARTITION,
                partition.projection(),
                partition.generation(),
                partition.number());
        ResultSet row = select.executeQuery()) {
      if (!row.next()) {
        throw StoreChecks.unknown(partition.toString());
      }
      return new Checkpoint(partition, row.getLong(1), row.getLong(2), parked);
    }
  }

  /** Parked sources by partition; of one partition, or of all if it is negative. */
  private static Map<Integer, List<ParkedSource>> parked(
      Connection connection, String projection, int generation, int partition) throws SQLException {
    Map<Integer, List<ParkedSource>> found = new HashMap<>();
    try (PreparedStatement select =
            prepare(
                connection,
                "SELECT source, partition_number, first_position, last_position, events, error,"
                    + " requested FROM varve_parked"
                    + OF_GENERATION
                    + " AND (partition_number = ? OR ? < 0) ORDER BY source",
                projection,
                generation,
                partition,
                partition);
        ResultSet rows = select.executeQuery()) {
      while (rows.next()) {
        ParkedSource parked =
            new ParkedSource(
                rows.getString(1),
                rows.getInt(2),
                rows.getLong(3),
                rows.getLong(4),
                rows.getLong(5),
                rows.getString(6),
                ParkedAction.valueOf(rows.getString(7)));
        found.computeIfAbsent(parked.partition(), key -> new ArrayList<>()).add(parked);
      }
    }
    return found;
  }

  // ---- transactions ----

  private interface Transaction<R> {
    R in(Connection connection) throws Exception;
  }

  /** A transaction of the store's own: only its own exceptions leave it. */
  private <R> R transact(Transaction<R> transaction) {
    try {
      return inTransaction(transaction);
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw failed(e);
    }
  }

  private static CheckpointStoreException failed(Exception e) {
    return new CheckpointStoreException("the checkpoint database failed: " + e, e);
  }

  /** Carries what the work threw past everything that looks for failures of the store's own. */
  private static final class WorkFailed extends Exception {
    private static final long serialVersionUID = 1L;

    WorkFailed(Exception cause) {
      super(cause);
    }
  }

  private static void run(TransactionalWork<? super Connection> work, Connection connection)
      throws WorkFailed {
    try {
      GuardedConnection.lend(connection, work::run);
    } catch (Exception e) {
      throw new WorkFailed(e);
    }
  }

  private void inTransactionWith(Transaction<Boolean> transaction) throws Exception {
    try {
      boolean unused = inTransaction(transaction);
    } catch (WorkFailed e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    }
  }

  private <R> R inTransaction(Transaction<R> transaction) throws Exception {
    Connection connection;
    boolean autoCommit;
    int isolation;
    try {
      connection = dataSource.getConnection();
    } catch (SQLException e) {
      throw failed(e);
    }
    try (connection) {
      try {
        autoCommit = connection.getAutoCommit();
        isolation = connection.getTransactionIsolation();
        connection.setAutoCommit(false);
        if (isolation != Connection.TRANSACTION_READ_COMMITTED) {
          connection.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
        }
      } catch (SQLException e) {
        throw failed(e);
      }
      R result;
      try {
        result = transaction.in(connection);
      } catch (Exception | Error e) {
        rollBack(connection, e);
        restore(connection, autoCommit, isolation);
        throw e;
      }
      try {
        connection.commit();
      } catch (SQLException e) {
        // It may have happened or not: the next claim reads what is true.
        rollBack(connection, e);
        throw failed(e);
      }
      restore(connection, autoCommit, isolation);
      return result;
    } catch (SQLException e) {
      throw failed(e);
    }
  }

  private static void rollBack(Connection connection, Throwable why) {
    try {
      connection.rollback();
    } catch (SQLException e) {
      why.addSuppressed(e);
    }
  }

  /** Pools hand connections on: they get them back as they were. */
  private static void restore(Connection connection, boolean autoCommit, int isolation) {
    try {
      if (isolation != Connection.TRANSACTION_READ_COMMITTED) {
        connection.setTransactionIsolation(isolation);
      }
      connection.setAutoCommit(autoCommit);
    } catch (SQLException e) {
      // A connection that cannot be given back whole is broken; its pool finds out.
    }
  }

  private void insertIfAbsent(String select, List<Object> key, String insert, List<Object> values) {
    boolean there =
        transact(
            connection -> {
              try (PreparedStatement statement = prepare(connection, select, key.toArray());
                  ResultSet rows = statement.executeQuery()) {
                return rows.next();
              }
            });
    if (there) {
      return;
    }
    try {
      transact(connection -> update(connection, insert, values.toArray()));
    } catch (CheckpointStoreException e) {
      if (!isIntegrityViolation(e.getCause())) {
        throw e;
      }
      // Another runner was first with the same row.
    }
  }

  private static boolean isIntegrityViolation(@Nullable Throwable cause) {
    return cause instanceof SQLException sql
        && sql.getSQLState() != null
        && sql.getSQLState().startsWith("23");
  }

  private static int update(Connection connection, String sql, Object... values)
      throws SQLException {
    try (PreparedStatement statement = prepare(connection, sql, values)) {
      return statement.executeUpdate();
    }
  }

  private static PreparedStatement prepare(Connection connection, String sql, Object... values)
      throws SQLException {
    PreparedStatement statement = connection.prepareStatement(sql);
    try {
      statement.setQueryTimeout(STATEMENT_SECONDS);
      for (int i = 0; i < values.length; i++) {
        statement.setObject(i + 1, values[i]);
      }
      return statement;
    } catch (SQLException e) {
      statement.close();
      throw e;
    }
  }
}
