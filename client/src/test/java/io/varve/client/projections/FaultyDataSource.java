package io.varve.client.projections;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import javax.sql.DataSource;

/**
 * A database whose connections break: at the steps that a test chooses, before or after the step
 * was done. A broken connection stays broken, and what it had not committed is rolled back, as when
 * the process on either side dies.
 */
final class FaultyDataSource {

  private static final Set<String> STEPS =
      Set.of(
          "getConnection",
          "setAutoCommit",
          "prepareStatement",
          "executeUpdate",
          "executeQuery",
          "commit");

  /** Which steps fail. */
  interface Faults {
    /** What happens at a step, counted from 0. */
    Fault at(long step, String name);
  }

  enum Fault {
    NONE,
    BEFORE,
    AFTER
  }

  private final DataSource real;
  private final AtomicLong steps = new AtomicLong();
  private final AtomicLong broken = new AtomicLong();
  private final Faults faults;

  FaultyDataSource(DataSource real, Faults faults) {
    this.real = real;
    this.faults = faults;
  }

  long steps() {
    return steps.get();
  }

  long broken() {
    return broken.get();
  }

  DataSource dataSource() {
    return (DataSource)
        Proxy.newProxyInstance(
            FaultyDataSource.class.getClassLoader(),
            new Class<?>[] {DataSource.class},
            (proxy, method, arguments) -> {
              if (!method.getName().equals("getConnection")) {
                return call(real, method, arguments);
              }
              Fault fault = fault("getConnection");
              if (fault != Fault.NONE) {
                throw broken("getConnection");
              }
              return connection(real.getConnection());
            });
  }

  private Fault fault(String step) {
    return faults.at(steps.getAndIncrement(), step);
  }

  private SQLException broken(String step) {
    broken.incrementAndGet();
    return new SQLException("connection broken at " + step, "08006");
  }

  private Connection connection(Connection connection) {
    AtomicBoolean dead = new AtomicBoolean();
    return faulty(Connection.class, connection, connection, dead);
  }

  private <T> T faulty(Class<T> type, T delegate, Connection connection, AtomicBoolean dead) {
    return type.cast(
        Proxy.newProxyInstance(
            FaultyDataSource.class.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) -> {
              String name = method.getName();
              if (name.equals("close")) {
                return call(delegate, method, arguments);
              }
              if (dead.get()) {
                throw new SQLException("the connection is broken", "08003");
              }
              Fault fault = STEPS.contains(name) ? fault(name) : Fault.NONE;
              if (fault == Fault.BEFORE) {
                kill(connection, dead);
                throw broken(name);
              }
              Object result = call(delegate, method, arguments);
              if (fault == Fault.AFTER) {
                kill(connection, dead);
                throw broken(name);
              }
              return result instanceof PreparedStatement statement
                  ? faulty(PreparedStatement.class, statement, connection, dead)
                  : result;
            }));
  }

  private static void kill(Connection connection, AtomicBoolean dead) throws SQLException {
    dead.set(true);
    if (!connection.isClosed() && !connection.getAutoCommit()) {
      connection.rollback();
    }
    connection.close();
  }

  private static Object call(Object delegate, java.lang.reflect.Method method, Object[] arguments)
      throws Throwable {
    try {
      return method.invoke(delegate, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }
}
