package io.varve.cli;

import java.util.concurrent.CountDownLatch;

/** How long a command runs that has no end of its own, and what happens when it is told to stop. */
interface Lifetime {

  /**
   * Calls {@code stop} when the command is told to stop (Ctrl-C, SIGTERM). Stopping that way is a
   * clean end, with exit code 0.
   */
  void onStop(Runnable stop);

  /** Waits until the command is told to stop, and what {@link #onStop} was given has run. */
  void awaitStop() throws InterruptedException;

  /** The process's own. */
  final class OfProcess implements Lifetime {
    private volatile boolean ended;

    @Override
    public void onStop(Runnable stop) {
      Runtime.getRuntime()
          .addShutdownHook(
              new Thread(
                  () -> {
                    if (ended) {
                      return;
                    }
                    stop.run();
                    // Otherwise the JVM would end with 128 + the signal's number: a failure.
                    Runtime.getRuntime().halt(ExitCode.DONE.code());
                  },
                  "varve-stop"));
    }

    /** Never returns: the process ends first. */
    @Override
    public void awaitStop() throws InterruptedException {
      new CountDownLatch(1).await();
    }

    /** Ends the process with a code, without what {@link #onStop} was given. */
    void exit(int code) {
      ended = true;
      System.exit(code);
    }
  }
}
