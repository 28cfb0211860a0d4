package io.varve.faults;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A node's memory as it is seen from outside its process: what the kernel counts, what its JVM says
 * it has taken (native memory tracking, by {@code jcmd}), and what its collector logged. The node
 * must run with {@link #FLAGS}.
 */
final class ProcessMemory {
  /** What the node's JVM needs to be started with to be measured. */
  static final List<String> FLAGS =
      List.of("-XX:NativeMemoryTracking=summary", "-Xlog:gc:file=gc.log:uptime");

  private static final Pattern COMMITTED =
      Pattern.compile("Total: reserved=\\d+KB, committed=(\\d+)KB");
  private static final Pattern HEAP =
      Pattern.compile("Java Heap \\(reserved=\\d+KB, committed=(\\d+)KB\\)");
  private static final Pattern COLLECTION =
      Pattern.compile(
          "\\[([0-9.]+)s\\] GC\\(\\d+\\) Pause (\\w+).* (\\d+)M->(\\d+)M\\(\\d+M\\) ([0-9.]+)ms");

  private ProcessMemory() {}

  /**
   * What the kernel counts, in bytes.
   *
   * @param resident all memory of the process that is in RAM
   * @param anonymous the part of it that is no file's: heap, stacks, everything allocated
   */
  record Kernel(long resident, long anonymous) {}

  /** What the kernel counts now. */
  static Kernel kernel(NodeProcess node) {
    try {
      List<String> status =
          Files.readAllLines(Path.of("/proc", String.valueOf(node.pid()), "status"));
      return new Kernel(field(status, "VmRSS:"), field(status, "RssAnon:"));
    } catch (IOException e) {
      throw new AssertionError(node + " is gone\n" + node.logTail(60), e);
    }
  }

  private static long field(List<String> status, String name) {
    return status.stream()
        .filter(line -> line.startsWith(name))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
        .findFirst()
        .orElseThrow(() -> new AssertionError("/proc tells no " + name));
  }

  /**
   * What the JVM has taken for itself and for Java's buffers outside the heap, in bytes. What
   * RocksDB takes is not in it: it asks the C library, past the JVM.
   *
   * @param committed all of it
   * @param heap the heap
   */
  record Jvm(long committed, long heap) {}

  /** What the JVM says now. */
  static Jvm jvm(NodeProcess node) {
    String summary = jcmd(node, "VM.native_memory", "summary");
    return new Jvm(kib(COMMITTED, summary), kib(HEAP, summary));
  }

  /** What the kernel counts as taken and the JVM does not know of, in bytes. */
  static long outside(NodeProcess node) {
    Jvm jvm = jvm(node);
    return kernel(node).anonymous() - jvm.committed();
  }

  private static long kib(Pattern pattern, String text) {
    Matcher matcher = pattern.matcher(text);
    if (!matcher.find()) {
      throw new AssertionError("no " + pattern + " in:\n" + text);
    }
    return Long.parseLong(matcher.group(1)) << 10;
  }

  /** Has the node collect all garbage now. */
  static void collectGarbage(NodeProcess node) {
    jcmd(node, "GC.run");
  }

  /**
   * Has the C library give back what it holds and nobody uses. What is left was really taken.
   *
   * @return whether the JVM can do that
   */
  static boolean trim(NodeProcess node) {
    return jcmd(node, "help").contains("System.trim_native_heap")
        && !jcmd(node, "System.trim_native_heap").isEmpty();
  }

  /** The flags that the JVM runs with. */
  static String flags(NodeProcess node) {
    return jcmd(node, "VM.flags");
  }

  private static String jcmd(NodeProcess node, String... command) {
    List<String> line = new ArrayList<>();
    line.add(Path.of(System.getProperty("java.home"), "bin", "jcmd").toString());
    line.add(String.valueOf(node.pid()));
    line.addAll(Arrays.asList(command));
    try {
      Process jcmd = new ProcessBuilder(line).redirectErrorStream(true).start();
      String output = new String(jcmd.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (jcmd.waitFor() != 0) {
        throw new AssertionError(line + " failed:\n" + output + node.logTail(60));
      }
      return output;
    } catch (IOException e) {
      throw new AssertionError(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  /**
   * One collection.
   *
   * @param uptimeSeconds when, in seconds since the JVM's start
   * @param full whether it was one of the whole heap
   * @param leftMib what was left afterwards, garbage that a partial one does not see included
   * @param pauseMillis how long everything stood still for it
   */
  record Collection(double uptimeSeconds, boolean full, long leftMib, double pauseMillis) {}

  /** What the collector logged. */
  static List<Collection> collections(NodeProcess node) {
    try {
      return Files.readAllLines(node.home().resolve("gc.log")).stream()
          .map(ProcessMemory::collection)
          .flatMap(Optional::stream)
          .toList();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static Optional<Collection> collection(String line) {
    Matcher matcher = COLLECTION.matcher(line);
    if (!matcher.find()) {
      return Optional.empty();
    }
    return Optional.of(
        new Collection(
            Double.parseDouble(matcher.group(1)),
            matcher.group(2).equals("Full"),
            Long.parseLong(matcher.group(4)),
            Double.parseDouble(matcher.group(5))));
  }
}
