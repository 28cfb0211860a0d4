package io.varve.client.projections;

import io.varve.client.VarveClient;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import javax.sql.DataSource;

/**
 * Stops a runner like SIGSTOP stops a process: while it is closed, nothing that runner does reaches
 * the log or the database, and nothing of it ends.
 */
final class Gate {

  private boolean closed;
  private int waiting;

  synchronized void close() {
    closed = true;
  }

  synchronized void open() {
    closed = false;
    notifyAll();
  }

  /** How many threads are held up. */
  synchronized int waiting() {
    return waiting;
  }

  synchronized void pass() {
    waiting++;
    try {
      while (closed) {
        wait();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    } finally {
      waiting--;
    }
  }

  VarveClient before(VarveClient client) {
    return proxy(VarveClient.class, client, method -> true);
  }

  DataSource before(DataSource dataSource) {
    return proxy(DataSource.class, dataSource, method -> method.equals("getConnection"));
  }

  /** Also before what ends a transaction: a pause in its middle. */
  Connection before(Connection connection) {
    return proxy(Connection.class, connection, method -> method.equals("commit"));
  }

  private interface Stops {
    boolean at(String method);
  }

  private <T> T proxy(Class<T> type, T delegate, Stops stops) {
    return type.cast(
        Proxy.newProxyInstance(
            Gate.class.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) -> {
              if (stops.at(method.getName())) {
                pass();
              }
              try {
                return method.invoke(delegate, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            }));
  }
}
