package io.varve.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.faults.ProcessMemory.Jvm;
import io.varve.faults.ProcessMemory.Kernel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/** Looks at the memory of nodes again and again, and remembers the most it saw. */
final class MemorySampler {
  private static final Duration EVERY = Duration.ofSeconds(2);
  private static final Duration METRICS_LIMIT = Duration.ofSeconds(5);
  private static final long MIB = 1 << 20;

  private static final String OUTSIDE = "outside the JVM";
  private static final String CACHE = "varve_store_block_cache_bytes";
  private static final String MEMTABLES = "varve_store_memtable_bytes";

  /** What RocksDB says of itself, where the node tells it. */
  private static final List<String> STORE =
      List.of(CACHE, MEMTABLES, "varve_store_table_reader_bytes");

  private static final int PRINTED_LOOKS = 20;

  /** The defaults of {@code blockCacheBytes} and {@code writeBufferBytes}. */
  private static final long CACHE_BYTES = 64 * MIB;

  private static final long WRITE_BUFFER_BYTES = 64 * MIB;

  /**
   * What else is outside the JVM's accounts: what flushes and compactions read and write through,
   * open files, the C library's own losses in up to 16 arenas, the data of shared libraries.
   */
  private static final long OTHER_BYTES = 128 * MIB;

  private final List<NodeProcess> nodes;
  private final Map<String, Map<String, Long>> most = new LinkedHashMap<>(); // guarded by itself
  private final Map<String, List<Long>> outside = new LinkedHashMap<>(); // guarded by most
  private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor();
  private final AtomicReference<Optional<Throwable>> failure =
      new AtomicReference<>(Optional.empty());

  MemorySampler(List<NodeProcess> nodes) {
    this.nodes = List.copyOf(nodes);
  }

  void start() {
    var unused =
        thread.scheduleWithFixedDelay(this::look, 0, EVERY.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Looks a last time, and no more. */
  void stop() throws InterruptedException {
    thread.shutdownNow();
    if (!thread.awaitTermination(30, TimeUnit.SECONDS)) {
      throw new AssertionError("a look at the memory does not end");
    }
  }

  private void look() {
    try {
      nodes.forEach(this::look);
    } catch (Throwable e) {
      if (!thread.isShutdown()) {
        failure.compareAndSet(Optional.empty(), Optional.of(e));
      }
    }
  }

  private void look(NodeProcess node) {
    Jvm jvm = ProcessMemory.jvm(node);
    Kernel kernel = ProcessMemory.kernel(node);
    note(node, "resident", kernel.resident());
    note(node, "anonymous", kernel.anonymous());
    note(node, "anonymous without the heap", kernel.anonymous() - jvm.heap());
    note(node, "JVM beside its heap", jvm.committed() - jvm.heap());
    note(node, OUTSIDE, kernel.anonymous() - jvm.committed());
    synchronized (most) {
      // At most one look in two seconds, over minutes.
      outside
          .computeIfAbsent(node.id(), id -> new ArrayList<>())
          .add(kernel.anonymous() - jvm.committed());
    }
    AdminPort.metrics(node, METRICS_LIMIT)
        .ifPresent(
            metrics -> {
              note(node, "heap in use", metrics, "jvm_memory_used_bytes{area=\"heap\"}");
              STORE.forEach(name -> note(node, name, metrics, name));
            });
  }

  private void note(NodeProcess node, String what, Map<String, Double> metrics, String name) {
    Double value = metrics.get(name);
    if (value != null) {
      note(node, what, value.longValue());
    }
  }

  private void note(NodeProcess node, String what, long bytes) {
    synchronized (most) {
      most.computeIfAbsent(node.id(), id -> new LinkedHashMap<>()).merge(what, bytes, Math::max);
    }
  }

  /** Fails if a look did. */
  void assertUnfailed() {
    failure
        .get()
        .ifPresent(
            thrown -> {
              throw new AssertionError("the memory could not be measured", thrown);
            });
  }

  /** The most that was seen of each node, and how what is outside its JVM went on over time. */
  void print() {
    synchronized (most) {
      most.forEach(
          (node, seen) -> {
            StringBuilder line = new StringBuilder(node + " at most, MiB:");
            seen.forEach((what, bytes) -> line.append(" %s %d;".formatted(what, bytes / MIB)));
            System.out.println(line);
          });
      outside.forEach(
          (node, looks) -> {
            StringBuilder line = new StringBuilder(node + " outside the JVM over time, MiB:");
            for (int i = 0; i < PRINTED_LOOKS; i++) {
              line.append(' ').append(looks.get(i * (looks.size() - 1) / PRINTED_LOOKS) / MIB);
            }
            System.out.println(line);
          });
    }
  }

  /**
   * Fails if a node's memory outside the JVM was more than RocksDB's configuration explains: the
   * block cache, and the write buffers twice, as new ones fill while full ones are being flushed.
   *
   * <p>It is measured as what the kernel counts as anonymous less what the JVM has committed. The
   * heap of that is touched from the start, so it is exact; of the rest some may be committed and
   * not resident, by which RocksDB may have more than is measured: no more than the JVM has beside
   * its heap, which is printed.
   */
  void assertBounds(NodeProcess node) {
    synchronized (most) {
      Map<String, Long> seen = most.getOrDefault(node.id(), Map.of());
      assertThat(seen).as("what was measured of %s", node).containsKey(OUTSIDE);
      assertThat(seen.get(OUTSIDE))
          .as("bytes of %s outside the JVM", node)
          .isLessThan(CACHE_BYTES + 2 * WRITE_BUFFER_BYTES + OTHER_BYTES);
      assertThat(seen.getOrDefault(CACHE, 0L))
          .as("bytes of %s's block cache", node)
          .isLessThan(CACHE_BYTES + CACHE_BYTES / 8);
      assertThat(seen.getOrDefault(MEMTABLES, 0L))
          .as("bytes of %s's memtables", node)
          .isLessThan(2 * WRITE_BUFFER_BYTES);
    }
  }
}
