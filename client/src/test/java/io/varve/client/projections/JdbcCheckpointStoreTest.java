package io.varve.client.projections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class JdbcCheckpointStoreTest extends CheckpointStoreContract<Connection> {

  private static final ProjectionPartition PARTITION = new ProjectionPartition("q", 1, 0);

  private Database database;

  @BeforeEach
  void open() {
    database = Database.h2();
  }

  @AfterEach
  void close() throws SQLException {
    database.close();
  }

  @Override
  CheckpointStore<Connection> store() {
    return database.store();
  }

  @Test
  void tablesMayBeMadeAgain() {
    database.store().createTables();
    for (String statement : JdbcCheckpointStore.ddl()) {
      database.execute(statement);
    }
  }

  @Test
  void whatTheWorkWritesIsCommittedWithTheCheckpointOrNotAtAll() throws Exception {
    database.execute("CREATE TABLE noted (position BIGINT)");
    JdbcCheckpointStore store = database.store();
    store.open("q", 1, 1, false, LOG);
    long token = store.claimNext(PARTITION).token();
    store.commit(commit(token, 0, 1), connection -> note(connection, 1));
    assertThatThrownBy(
            () ->
                store.commit(
                    commit(token, 1, 2),
                    connection -> {
                      note(connection, 2);
                      throw new IllegalStateException();
                    }))
        .isInstanceOf(IllegalStateException.class);
    assertThat(database.number("SELECT SUM(position) FROM noted")).isEqualTo(1);
    assertThat(store.claim(PARTITION, token).position()).isEqualTo(1);
  }

  @Test
  void aConnectionThatWasLentIsOfNoUseAfterwards() throws Exception {
    JdbcCheckpointStore store = database.store();
    store.open("q", 1, 1, false, LOG);
    long token = store.claimNext(PARTITION).token();
    Connection[] kept = new Connection[1];
    store.commit(commit(token, 0, 1), connection -> kept[0] = connection);
    assertThatThrownBy(() -> kept[0].createStatement())
        .isInstanceOf(SQLException.class)
        .hasMessageContaining("has returned");
  }

  @Test
  void connectionsAreGivenBackAsTheyWere() throws Exception {
    JdbcCheckpointStore store = database.store();
    store.open("q", 1, 1, false, LOG);
    try (Connection connection = database.dataSource().getConnection()) {
      assertThat(connection.getAutoCommit()).isTrue();
    }
  }

  private static CheckpointCommit commit(long token, long from, long to) {
    return new CheckpointCommit(PARTITION, token, from, to, List.of());
  }

  private static void note(Connection connection, int position) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("INSERT INTO noted VALUES (" + position + ")");
    }
  }
}
