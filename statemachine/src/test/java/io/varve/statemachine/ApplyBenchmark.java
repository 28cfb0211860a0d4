package io.varve.statemachine;

import com.google.protobuf.ByteString;
import com.sun.management.OperatingSystemMXBean;
import io.varve.proto.replicated.v1.AppendBatch;
import io.varve.proto.replicated.v1.Command;
import io.varve.proto.replicated.v1.Founding;
import io.varve.proto.v1.Append;
import io.varve.proto.v1.AppendId;
import io.varve.proto.v1.Condition;
import io.varve.proto.v1.ExpectedVersion;
import io.varve.proto.v1.NewEvent;
import io.varve.statemachine.LogReader.Direction;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/**
 * What one append costs in apply, and one event in a scan; run by hand. Appends have one event of
 * 128 bytes with a source type, an event type and one tag, an append id and an exact expected
 * version; 512 of them make an entry.
 *
 * <p>Arguments, all optional: appends (1,000,000), sources (10,000), tags (10,000).
 */
public final class ApplyBenchmark {

  private static final int APPENDS_PER_ENTRY = 512;
  private static final int ROUNDS = 10;

  private final SplittableRandom random = new SplittableRandom(42);
  private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
  private final OperatingSystemMXBean process =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
  private final int sources;
  private final int tags;
  private final long[] versions;
  private long index;

  private ApplyBenchmark(int sources, int tags) {
    this.sources = sources;
    this.tags = tags;
    this.versions = new long[sources];
  }

  /** Runs it and prints the figures. */
  public static void main(String[] arguments) throws IOException {
    int appends = argument(arguments, 0, 1_000_000);
    Path directory = Files.createTempDirectory("apply-benchmark");
    try (LogCore core = LogCore.open(directory, StoreOptions.defaults())) {
      new ApplyBenchmark(argument(arguments, 1, 10_000), argument(arguments, 2, 10_000))
          .run(core, appends);
    } finally {
      try (Stream<Path> files = Files.walk(directory)) {
        files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
      }
    }
  }

  private static int argument(String[] arguments, int at, int otherwise) {
    return arguments.length > at ? Integer.parseInt(arguments[at]) : otherwise;
  }

  private void run(LogCore core, int appends) {
    core.apply(1, ++index, founding());
    for (int round = 1; round <= ROUNDS; round++) {
      int perRound = appends / ROUNDS;
      long cpu = 0;
      long wall = 0;
      long worst = 0;
      int applied = 0;
      long othersBefore = process.getProcessCpuTime() - threads.getCurrentThreadCpuTime();
      while (applied < perRound) {
        ByteString entry = entry(core.reader().head());
        long cpuBefore = threads.getCurrentThreadCpuTime();
        long before = System.nanoTime();
        List<Outcome> outcomes = core.apply(1, ++index, entry);
        long took = System.nanoTime() - before;
        wall += took;
        worst = Math.max(worst, took);
        cpu += threads.getCurrentThreadCpuTime() - cpuBefore;
        for (Outcome outcome : outcomes) {
          if (!(outcome instanceof Outcome.Appended)) {
            throw new IllegalStateException(outcome.toString());
          }
        }
        applied += outcomes.size();
      }
      long others = process.getProcessCpuTime() - threads.getCurrentThreadCpuTime() - othersBefore;
      System.out.printf(
          "apply: %.2f us CPU, %.2f us wall per append; slowest entry %.1f ms;"
              + " other threads %.2f us CPU%n",
          cpu / 1e3 / applied, wall / 1e3 / applied, worst / 1e6, others / 1e3 / applied);
    }
    for (int round = 0; round < 3; round++) {
      scan(core.reader());
    }
  }

  private void scan(LogReader reader) {
    long before = System.nanoTime();
    long events = 0;
    try (EventCursor cursor = reader.log(1, Direction.FORWARD)) {
      while (cursor.next().isPresent()) {
        events++;
      }
    }
    double seconds = (System.nanoTime() - before) / 1e9;
    System.out.printf("scan: %,.0f events/s%n", events / seconds);
  }

  private ByteString entry(long head) {
    AppendBatch.Builder batch =
        AppendBatch.newBuilder()
            .setRecordedMicros(1_700_000_000_000_000L + index)
            .setSaltSeed(bytes(16));
    for (int i = 0; i < APPENDS_PER_ENTRY; i++) {
      batch.addAppends(append(head));
    }
    return Command.newBuilder().setFormat(1).setAppendBatch(batch).build().toByteString();
  }

  private Append append(long head) {
    int source = random.nextInt(sources);
    String name = "customer-" + source;
    return Append.newBuilder()
        .addEvents(
            NewEvent.newBuilder()
                .setSource(name)
                .setType("PaymentProcessed")
                .setSourceType("Customer")
                .addTags("order:" + random.nextInt(tags))
                .setData(bytes(128)))
        .addConditions(
            Condition.newBuilder()
                .setExpectedVersion(
                    ExpectedVersion.newBuilder().setSource(name).setExactly(versions[source]++)))
        .setAppendId(AppendId.newBuilder().setId(bytes(16)).setKnownPosition(head))
        .build();
  }

  private ByteString bytes(int count) {
    ByteBuffer buffer = ByteBuffer.allocate(count);
    while (buffer.hasRemaining()) {
      buffer.putLong(random.nextLong());
    }
    return ByteString.copyFrom(buffer.flip());
  }

  private static ByteString founding() {
    return Command.newBuilder()
        .setFormat(1)
        .setFounding(
            Founding.newBuilder()
                .setLogIdentity(ByteString.copyFrom(new byte[16]))
                .setLog("default")
                .setDedupWindow(1_000_000)
                .setScopeStepLimit(100_000))
        .build()
        .toByteString();
  }
}
