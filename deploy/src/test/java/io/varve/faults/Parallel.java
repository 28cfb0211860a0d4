package io.varve.faults;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Runs things side by side. */
final class Parallel {
  private Parallel() {}

  /** Runs all, at most that many at a time, and answers their results in order. */
  static <T> List<T> all(int atATime, List<Callable<T>> callables) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(atATime);
    try {
      List<T> results = new ArrayList<>(callables.size());
      for (Future<T> future : threads.invokeAll(callables)) {
        results.add(future.get());
      }
      return results;
    } finally {
      threads.shutdownNow();
    }
  }
}
