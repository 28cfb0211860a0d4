package io.varve.node.read;

import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Work that any thread may ask for and that runs on an executor, never twice at a time. What is
 * asked for while it runs makes it run again, behind whatever else waits there. The executor must
 * run all it is given.
 */
abstract class Serial {

  private final Executor executor;
  private final AtomicInteger asked = new AtomicInteger();

  Serial(Executor executor) {
    this.executor = executor;
  }

  /** Asks for the work. Never blocks. */
  final void schedule() {
    if (asked.getAndIncrement() == 0) {
      executor.execute(this::run);
    }
  }

  private void run() {
    int seen = asked.get();
    work();
    if (asked.addAndGet(-seen) != 0) {
      executor.execute(this::run);
    }
  }

  /** Does what there is to do now. Must not throw. */
  abstract void work();
}
