package io.varve.faults;

import io.varve.cli.Varve;
import java.io.IOException;

/**
 * Starts a node exactly as {@code varve node} does, but tied to the test's life: when the test's
 * process is gone, however it went, the pipe to this one's standard input closes and it dies too.
 */
final class NodeMain {
  private static final int TEST_IS_GONE = 3;

  private NodeMain() {}

  public static void main(String[] args) throws Exception {
    Thread watch =
        new Thread(
            () -> {
              try {
                while (System.in.read() >= 0) {
                  // Nobody writes here; only the end matters.
                }
              } catch (IOException e) {
                // A broken pipe says the same as its end.
              }
              Runtime.getRuntime().halt(TEST_IS_GONE);
            },
            "test-watch");
    watch.setDaemon(true);
    watch.start();
    Varve.main(args);
  }
}
