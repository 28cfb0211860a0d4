package io.varve.client.projections;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Set;

/**
 * A connection as handlers see it: whoever ended the transaction early would apply an event without
 * its checkpoint, or the other way round.
 */
final class GuardedConnection implements InvocationHandler {

  private static final Set<String> REFUSED =
      Set.of("commit", "close", "abort", "setAutoCommit", "setTransactionIsolation", "setReadOnly");

  private final Connection connection;
  private volatile boolean over;

  private GuardedConnection(Connection connection) {
    this.connection = connection;
  }

  /** What is done with a guarded connection. */
  @FunctionalInterface
  interface Use {
    void with(Connection guarded) throws Exception;
  }

  /** Lends the connection, for as long as the use lasts. */
  static void lend(Connection connection, Use use) throws Exception {
    GuardedConnection guard = new GuardedConnection(connection);
    try {
      use.with(
          (Connection)
              Proxy.newProxyInstance(
                  GuardedConnection.class.getClassLoader(),
                  new Class<?>[] {Connection.class},
                  guard));
    } finally {
      guard.over = true;
    }
  }

  @Override
  public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
    boolean toSavepoint = arguments != null && arguments.length == 1;
    if (REFUSED.contains(method.getName())
        || (method.getName().equals("rollback") && !toSavepoint)) {
      throw new SQLException(
          "a projection's handler must not call Connection."
              + method.getName()
              + "(): the transaction is the checkpoint's");
    }
    if (over && method.getDeclaringClass() != Object.class) {
      throw new SQLException(
          "this connection was lent to a projection's handler, which has returned");
    }
    try {
      return method.invoke(connection, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }
}
