package io.varve.cli.demo;

import static io.varve.cli.demo.StepFailedException.check;

import io.varve.cli.load.OrderedAppends;
import io.varve.client.AppendRequest;
import io.varve.client.AppendResult;
import io.varve.client.AppendResult.Appended;
import io.varve.client.NewEvent;
import io.varve.client.VarveClient;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Appends a history, many appends at a time, each on the condition that every source it touches has
 * exactly the version the history says. Not thread-safe.
 */
final class Importer {
  private static final int IN_FLIGHT = 256;

  /** As many as an append may have; a large commit touches more sources and goes without. */
  private static final int MAX_CONDITIONS = 64;

  private final VarveClient client;
  private final Ledger ledger;
  private final boolean emptyLog;
  private final Map<String, Long> versions = new HashMap<>();

  /** Imports into a log that was empty, or not, when the play began. */
  Importer(VarveClient client, Ledger ledger, boolean emptyLog) {
    this.client = client;
    this.ledger = ledger;
    this.emptyLog = emptyLog;
  }

  /** How much was appended, and how fast. */
  record Tally(long appends, long events, double seconds) {
    long eventsPerSecond() {
      return Math.round(events / Math.max(seconds, 1e-3));
    }

    long appendsPerSecond() {
      return Math.round(appends / Math.max(seconds, 1e-3));
    }
  }

  /** Appends all of it and waits until it has landed. */
  Tally run(Iterator<List<NewEvent>> history) {
    OrderedAppends appends = new OrderedAppends(client, IN_FLIGHT);
    AtomicReference<Throwable> failure = new AtomicReference<>();
    long count = 0;
    long events = 0;
    long begin = System.nanoTime();
    while (history.hasNext() && failure.get() == null) {
      List<NewEvent> together = history.next();
      List<byte[]> digests = Ledger.digests(together);
      var unused =
          appends
              .append(conditional(together))
              .thenAccept(result -> ledger.landed(landed(result), digests))
              .whenComplete(
                  (nothing, error) -> {
                    if (error != null) {
                      failure.compareAndSet(null, error);
                    }
                  });
      count++;
      events += together.size();
    }
    appends.await();
    Throwable error = failure.get();
    if (error != null) {
      throw new StepFailedException(
          "an append of the import failed: "
              + (error instanceof CompletionException ? error.getCause() : error));
    }
    return new Tally(count, events, (System.nanoTime() - begin) / 1e9);
  }

  private AppendRequest conditional(List<NewEvent> events) {
    Map<String, Long> expected = new LinkedHashMap<>();
    for (NewEvent event : events) {
      long version = versions.computeIfAbsent(event.source(), this::version);
      expected.putIfAbsent(event.source(), version);
      versions.put(event.source(), version + 1);
    }
    AppendRequest.Builder append = AppendRequest.builder().events(events);
    if (expected.size() <= MAX_CONDITIONS) {
      expected.forEach(append::expectVersion);
    }
    return append.build();
  }

  private long version(String source) {
    return emptyLog ? 0 : client.version(source);
  }

  private static Appended landed(AppendResult result) {
    check(result instanceof Appended, "an append of the import met a conflict: " + result);
    return (Appended) result;
  }
}
