package io.varve.statemachine.ratis;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What to do when going on would mean to diverge: stop the process, loudly, at once. A restart
 * replays from the log.
 */
@FunctionalInterface
public interface Halt {

  /**
   * Stops the node. The process-wide one does not return; in tests it may, and the caller then must
   * do no further work.
   *
   * @param why for people
   * @param cause what happened
   */
  void halt(String why, Throwable cause);

  /** Logs and ends the process with exit code 70, running no shutdown hook. */
  static Halt process() {
    return (why, cause) -> {
      Logger log = LoggerFactory.getLogger(Halt.class);
      log.error("HALT: {}", why, cause);
      // The log may be asynchronous, and a halt runs nothing that would flush it.
      System.err.println("HALT: " + why + ": " + cause);
      Runtime.getRuntime().halt(70);
    };
  }
}
