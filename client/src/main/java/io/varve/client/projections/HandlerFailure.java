package io.varve.client.projections;

import java.sql.SQLException;
import java.sql.SQLRecoverableException;
import java.sql.SQLTimeoutException;
import java.sql.SQLTransientException;

/** A handler could not apply an event. */
final class HandlerFailure extends Exception {
  private static final long serialVersionUID = 1L;

  private final int index;

  HandlerFailure(int index, Throwable cause) {
    super(cause);
    this.index = index;
  }

  /** Which event of the batch. */
  int index() {
    return index;
  }

  /**
   * Whether it lies with the connection and not with the event: another event would have failed
   * too, and the same one will succeed.
   */
  boolean isTransient() {
    for (Throwable at = getCause(); at != null; at = at.getCause()) {
      if (at instanceof SQLTimeoutException) {
        // What takes too long now may take too long always: it counts as an attempt.
        return false;
      }
      if (at instanceof SQLTransientException || at instanceof SQLRecoverableException) {
        return true;
      }
      if (at instanceof SQLException sql && sql.getSQLState() != null) {
        String state = sql.getSQLState();
        if (state.equals("57014")) {
          return false;
        }
        // Connection lost; rolled back by the database (deadlock); out of resources; shutdown.
        if (state.startsWith("08")
            || state.startsWith("40")
            || state.startsWith("53")
            || state.startsWith("57")) {
          return true;
        }
      }
      if (at.getCause() == at) {
        break;
      }
    }
    return false;
  }
}
