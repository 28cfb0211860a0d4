package io.varve.client.projections;

import java.sql.Connection;
import java.sql.SQLException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What every store must do, done by PostgreSQL. */
class PostgresCheckpointStoreTest extends CheckpointStoreContract<Connection> {

  @RegisterExtension static final PostgresServer POSTGRES = new PostgresServer();

  private JdbcCheckpointStore store = JdbcCheckpointStore.of(new org.h2.jdbcx.JdbcDataSource());

  @BeforeEach
  void open() throws SQLException {
    store = JdbcCheckpointStore.of(POSTGRES.database()).createTables().createTables();
  }

  @Override
  CheckpointStore<Connection> store() {
    return store;
  }
}
