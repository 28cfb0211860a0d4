package io.varve.faults;

import io.varve.client.AppendRequest;
import io.varve.client.AppendResult;
import io.varve.client.NewEvent;
import io.varve.client.VarveClient;
import java.time.Duration;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/**
 * As much as a cluster takes: every device always has one append under way, and expects its exact
 * version. Which labels an event carries follows from its device alone, so that what a selection
 * must hold can be told from the log. Keeps nothing per event. Phases follow each other; one object
 * must not run two at once.
 */
final class DeviceLoad {
  static final int DEVICES = 256;
  static final int SHARDS = 10;
  private static final int PAYLOAD_BYTES = 128;
  private static final Duration DEADLINE = Duration.ofMinutes(2);

  private final VarveClient client;
  private final long[] versions = new long[DEVICES]; // [i] only by whoever has i's append under way
  private final Random random = new Random(42); // thread-safe; payloads only
  private final AtomicLong acknowledgedEvents = new AtomicLong();
  private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
  private volatile boolean stopped;

  /**
   * A load that is not running yet.
   *
   * @param client takes as many appends at once as there are devices
   */
  DeviceLoad(VarveClient client) {
    this.client = client;
  }

  /** A client of all nodes that has room for a load. */
  static VarveClient client(ProcessCluster cluster) {
    VarveClient.Builder builder =
        VarveClient.builder().deadline(DEADLINE).appendWindow(DEVICES).appendQueue(DEVICES);
    cluster.nodes().forEach(node -> builder.target("127.0.0.1:" + node.clientPort()));
    return builder.build();
  }

  static String source(int device) {
    return "device-%03d".formatted(device);
  }

  /** The device that a source is. */
  static int device(String source) {
    return Integer.parseInt(source.substring("device-".length()));
  }

  static String tag(int shard) {
    return "shard:" + shard;
  }

  static int shard(int device) {
    return device % SHARDS;
  }

  static NewEvent event(int device, Random random) {
    byte[] data = new byte[PAYLOAD_BYTES];
    random.nextBytes(data);
    return NewEvent.builder(source(device), "Measured")
        .sourceType("Device")
        .tag(tag(shard(device)))
        .data(data)
        .build();
  }

  /** Appends so many events, at least, in appends of that many; waits until they have landed. */
  void fill(long events, int eventsPerAppend) {
    AtomicLong left = new AtomicLong(events);
    run(() -> left.getAndAdd(-eventsPerAppend) > 0 ? eventsPerAppend : 0).join();
    assertUnfailed();
  }

  /** Starts to append single events until it is told to stop. */
  CompletableFuture<Void> start() {
    stopped = false;
    return run(() -> stopped ? 0 : 1);
  }

  /** Lets what is under way finish. */
  void stop() {
    stopped = true;
  }

  /** How many events were acknowledged, over all phases. */
  long acknowledgedEvents() {
    return acknowledgedEvents.get();
  }

  /** Fails if an append has: a conflict counts, for nobody else writes to these sources. */
  void assertUnfailed() {
    Throwable failure = failures.peek();
    if (failure != null) {
      throw new AssertionError(failures.size() + " appends failed, one with", failure);
    }
  }

  /** How many events the next append is to have; 0 = there is no next one. */
  private interface Plan {
    int next();
  }

  private CompletableFuture<Void> run(Plan plan) {
    CompletableFuture<?>[] slots = new CompletableFuture<?>[DEVICES];
    for (int device = 0; device < DEVICES; device++) {
      CompletableFuture<Void> done = new CompletableFuture<>();
      slots[device] = done;
      issue(device, plan, done);
    }
    return CompletableFuture.allOf(slots);
  }

  private void issue(int device, Plan plan, CompletableFuture<Void> done) {
    int events = failures.isEmpty() ? plan.next() : 0;
    if (events == 0) {
      done.complete(null);
      return;
    }
    AppendRequest.Builder append =
        AppendRequest.builder().expectVersion(source(device), versions[device]);
    for (int i = 0; i < events; i++) {
      append.event(event(device, random));
    }
    var unused =
        client
            .appendAsync(append.build())
            .whenComplete(
                (result, failure) -> {
                  if (result instanceof AppendResult.Appended appended) {
                    versions[device] = appended.version(source(device));
                    acknowledgedEvents.addAndGet(events);
                  } else {
                    failures.add(
                        failure != null ? failure : new AssertionError("not appended: " + result));
                  }
                  issue(device, plan, done);
                });
  }
}
