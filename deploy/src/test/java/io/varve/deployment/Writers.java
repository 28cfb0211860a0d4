package io.varve.deployment;

import io.varve.client.AppendResult.Appended;
import io.varve.client.ExpectedVersion;
import io.varve.client.NewEvent;
import io.varve.client.VarveClient;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Writers that append until they are told to stop. Each owns a source and expects the version it
 * knows, so that an append that was lost, or landed twice, is a conflict at the next.
 */
final class Writers implements AutoCloseable {
  private static final int SETTLE_MINUTES = 3;

  private final VarveClient client;
  private final ExecutorService threads;
  private final List<Future<?>> running = new ArrayList<>();
  private final Map<Long, String> acknowledged = new ConcurrentSkipListMap<>();
  private volatile boolean stopped;

  /** Starts at once. */
  Writers(VarveClient client, int writers) {
    this.client = client;
    this.threads = Executors.newFixedThreadPool(writers);
    for (int writer = 0; writer < writers; writer++) {
      String source = "writer-" + writer;
      running.add(threads.submit(() -> write(source)));
    }
  }

  /** What has been acknowledged so far: event ids by position. */
  Map<Long, String> acknowledged() {
    return acknowledged;
  }

  /** Whether so many have been acknowledged; fails when a writer has failed. */
  boolean reached(long count) {
    running.stream().filter(Future::isDone).forEach(Writers::rethrow);
    return acknowledged.size() >= count;
  }

  /** Lets every writer have its answer. */
  void stop() throws Exception {
    stopped = true;
    for (Future<?> future : running) {
      future.get(SETTLE_MINUTES, TimeUnit.MINUTES);
    }
  }

  @Override
  public void close() {
    stopped = true;
    threads.shutdownNow();
  }

  private void write(String source) {
    for (long version = 0; !stopped; version++) {
      String id = source + "/" + version;
      Appended appended =
          client
              .append(
                  NewEvent.builder(source, "Written")
                      .id(id)
                      .data("{\"n\":" + version + "}")
                      .build(),
                  ExpectedVersion.exactly(source, version))
              .orThrow();
      acknowledged.put(appended.firstPosition(), id);
    }
  }

  private static void rethrow(Future<?> ended) {
    try {
      ended.get();
    } catch (Exception e) {
      throw new AssertionError("a writer failed", e);
    }
  }
}
