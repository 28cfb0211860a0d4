package io.varve.node.ops;

import com.sun.management.UnixOperatingSystemMXBean;
import io.varve.node.metrics.MetricType;
import io.varve.node.metrics.Metrics;
import io.varve.node.metrics.Samples;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.lang.management.MemoryUsage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;

/**
 * The process: memory, garbage collection, threads, files, processor time. Named as Prometheus
 * users know them from other JVMs, without a prefix of ours.
 */
public final class JvmMetrics {

  private static final Path STATUS = Path.of("/proc/self/status");

  private final MemoryMXBean memory = ManagementFactory.getMemoryMXBean();

  private JvmMetrics() {}

  /** Adds them. */
  public static void register(Metrics metrics) {
    JvmMetrics jvm = new JvmMetrics();
    jvm.memory(metrics);
    jvm.collections(metrics);
    jvm.process(metrics);
  }

  private void memory(Metrics metrics) {
    metrics.samples(
        "jvm_memory_used_bytes",
        MetricType.GAUGE,
        "Memory the JVM uses, by area.",
        () -> areas(MemoryUsage::getUsed));
    metrics.samples(
        "jvm_memory_committed_bytes",
        MetricType.GAUGE,
        "Memory the JVM has taken from the system, by area.",
        () -> areas(MemoryUsage::getCommitted));
    metrics.samples(
        "jvm_memory_max_bytes",
        MetricType.GAUGE,
        "The most the JVM may take, by area; -1 = no bound.",
        () -> areas(MemoryUsage::getMax));
    metrics.samples(
        "jvm_buffer_pool_used_bytes",
        MetricType.GAUGE,
        "Memory outside the heap that Java buffers use, by pool.",
        () -> {
          Samples samples = new Samples();
          for (BufferPoolMXBean pool :
              ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class)) {
            samples.add(pool.getMemoryUsed(), "pool", pool.getName());
          }
          return samples;
        });
  }

  private Samples areas(ToLongFunction<MemoryUsage> part) {
    return new Samples()
        .add(part.applyAsLong(memory.getHeapMemoryUsage()), "area", "heap")
        .add(part.applyAsLong(memory.getNonHeapMemoryUsage()), "area", "nonheap");
  }

  private void collections(Metrics metrics) {
    metrics.samples(
        "jvm_gc_collections_total",
        MetricType.COUNTER,
        "Garbage collections, by collector.",
        () -> collectors(GarbageCollectorMXBean::getCollectionCount, 1));
    metrics.samples(
        "jvm_gc_collection_seconds_total",
        MetricType.COUNTER,
        "Time spent collecting garbage, by collector.",
        () -> collectors(GarbageCollectorMXBean::getCollectionTime, 1e3));
  }

  private static Samples collectors(ToLongFunction<GarbageCollectorMXBean> part, double unit) {
    Samples samples = new Samples();
    for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
      samples.add(part.applyAsLong(collector) / unit, "gc", collector.getName());
    }
    return samples;
  }

  private void process(Metrics metrics) {
    metrics.gauge(
        "jvm_threads", "Live threads.", () -> ManagementFactory.getThreadMXBean().getThreadCount());
    metrics.gauge(
        "process_start_time_seconds",
        "When the process began, in seconds since 1970.",
        () -> ManagementFactory.getRuntimeMXBean().getStartTime() / 1e3);
    metrics.samples(
        "process_resident_memory_bytes",
        MetricType.GAUGE,
        "Physical memory the whole process uses, native memory included.",
        () -> {
          Samples samples = new Samples();
          residentBytes().ifPresent(samples::add);
          return samples;
        });
    if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix) {
      metrics.samples(
          "process_cpu_seconds_total",
          MetricType.COUNTER,
          "Processor time the process has used.",
          () -> new Samples().add(unix.getProcessCpuTime() / 1e9));
      metrics.gauge("process_open_fds", "Open files.", unix::getOpenFileDescriptorCount);
      metrics.gauge(
          "process_max_fds", "How many files may be open.", unix::getMaxFileDescriptorCount);
    }
  }

  private static OptionalLong residentBytes() {
    if (!Files.isReadable(STATUS)) {
      return OptionalLong.empty();
    }
    try (Stream<String> lines = Files.lines(STATUS)) {
      return lines
          .filter(line -> line.startsWith("VmRSS:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
          .findFirst();
    } catch (IOException | NumberFormatException e) {
      return OptionalLong.empty();
    }
  }
}
