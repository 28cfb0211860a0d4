package io.varve.faults;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One node as its own operating system process, and everything a fault test does to it. Not
 * thread-safe, except for {@link #alive}, {@link #pid} and the accessors.
 */
final class NodeProcess {
  /** What a JVM reports for a child that died of SIGKILL: 128 + 9. */
  static final int KILLED = 137;

  private static final Duration EXIT_LIMIT = Duration.ofMinutes(2);

  private final String id;
  private final Path home;
  private final List<String> command;
  private final int clientPort;
  private final int peerPort;
  private final int adminPort;
  private volatile @Nullable Process process;
  private int starts;

  /**
   * Describes a node; nothing is started.
   *
   * @param id its node id
   * @param home where its data, its configuration and its logs are
   * @param command what starts it
   * @param clientPort where clients reach it
   * @param peerPort where its peers reach it
   * @param adminPort where it serves its metrics and whether it is ready
   */
  NodeProcess(
      String id, Path home, List<String> command, int clientPort, int peerPort, int adminPort) {
    this.id = id;
    this.home = home;
    this.command = List.copyOf(command);
    this.clientPort = clientPort;
    this.peerPort = peerPort;
    this.adminPort = adminPort;
  }

  String id() {
    return id;
  }

  int clientPort() {
    return clientPort;
  }

  int peerPort() {
    return peerPort;
  }

  int adminPort() {
    return adminPort;
  }

  /** Where the process was started: what its JVM writes by relative names is there. */
  Path home() {
    return home;
  }

  Path dataDirectory() {
    return home.resolve("data");
  }

  Path logFile() {
    return home.resolve("node.log");
  }

  /** How often it was started. */
  int starts() {
    return starts;
  }

  boolean alive() {
    Process current = process;
    return current != null && current.isAlive();
  }

  long pid() {
    return running().pid();
  }

  /** Starts the process; does not wait until it serves. */
  void start() {
    if (alive()) {
      throw new IllegalStateException(id + " runs already");
    }
    try {
      Files.createDirectories(home);
      starts++;
      Files.writeString(
          logFile(),
          startLine() + "\n",
          StandardCharsets.UTF_8,
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
      process =
          new ProcessBuilder(command)
              .directory(home.toFile())
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(logFile().toFile()))
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Kills the process with SIGKILL, at whatever it is doing, and proves that this is what it died
   * of.
   */
  void kill() {
    Process victim = running();
    if (!victim.isAlive()) {
      throw new AssertionError(
          id + " had exited by itself with " + victim.exitValue() + "\n" + logTail(80));
    }
    victim.destroyForcibly();
    int exit = awaitExit(victim);
    if (exit != KILLED) {
      throw new AssertionError(id + " should have died of SIGKILL, but exited with " + exit);
    }
  }

  /** How a process ended that was asked to. */
  record Termination(int exitCode, Duration took) {}

  /** Asks the process to stop with SIGTERM and waits until it has. */
  Termination terminate() {
    Process running = running();
    long began = System.nanoTime();
    // Not the process's own destroy(), which also closes the pipe that NodeMain watches.
    running.toHandle().destroy();
    int exit = awaitExit(running);
    return new Termination(exit, Duration.ofNanos(System.nanoTime() - began));
  }

  /** Stops the process with SIGSTOP and proves by /proc that it is stopped. */
  void pause() {
    signal("STOP");
    Await.until(
        id + " to be paused (state T)",
        Duration.ofSeconds(5),
        () -> state().equals(Optional.of('T')),
        () -> state().toString());
  }

  /** Lets a paused process go on and proves by /proc that it does. */
  void resume() {
    signal("CONT");
    Await.until(
        id + " to go on",
        Duration.ofSeconds(5),
        () -> state().filter(state -> state != 'T').isPresent(),
        () -> state().toString());
  }

  /** The kernel's word for what the process does: R, S, D, T (stopped), Z; empty = no process. */
  Optional<Character> state() {
    try {
      String stat = Files.readString(Path.of("/proc", String.valueOf(pid()), "stat"));
      // The second field is the command in parentheses, and may hold anything; the state follows.
      return Optional.of(stat.charAt(stat.lastIndexOf(')') + 2));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Deletes the data directory of a dead node, and proves that nothing is left. */
  void wipe() {
    if (alive()) {
      throw new IllegalStateException(id + " is alive");
    }
    deleteTree(dataDirectory());
    if (Files.exists(dataDirectory())) {
      throw new AssertionError(dataDirectory() + " is still there");
    }
  }

  /** Ends the process in whatever state it is; for cleaning up. */
  void destroy() {
    Process current = process;
    if (current != null && current.isAlive()) {
      current.destroyForcibly();
      awaitExit(current);
    }
  }

  /** Whether the log holds a text; the whole log, over all starts. */
  boolean logHolds(String text) {
    try (Stream<String> lines = Files.lines(logFile(), StandardCharsets.UTF_8)) {
      return lines.anyMatch(line -> line.contains(text));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Whether the log holds a text that was written since the process was last started. */
  boolean logHoldsSinceStart(String text) {
    try {
      List<String> all = Files.readAllLines(logFile(), StandardCharsets.UTF_8);
      int start = all.lastIndexOf(startLine());
      return all.subList(start + 1, all.size()).stream().anyMatch(line -> line.contains(text));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String startLine() {
    return "=== start " + starts + " of " + id;
  }

  /** The log's last lines. */
  String logTail(int lines) {
    try {
      List<String> all = new ArrayList<>(Files.readAllLines(logFile(), StandardCharsets.UTF_8));
      List<String> tail = all.subList(Math.max(0, all.size() - lines), all.size());
      return "--- " + logFile() + "\n" + String.join("\n", tail) + "\n";
    } catch (IOException e) {
      return "--- no log of " + id + ": " + e + "\n";
    }
  }

  @Override
  public String toString() {
    return id;
  }

  static void deleteTree(Path root) {
    if (!Files.exists(root)) {
      return;
    }
    try (Stream<Path> paths = Files.walk(root)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void signal(String name) {
    try {
      // A shell's own kill: the binary need not be installed.
      Process kill =
          new ProcessBuilder("/bin/sh", "-c", "kill -" + name + " " + pid())
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      if (kill.waitFor() != 0) {
        throw new AssertionError("kill -" + name + " " + id + " failed: " + kill.exitValue());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }

  private int awaitExit(Process process) {
    try {
      if (!process.waitFor(EXIT_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new AssertionError(id + " did not exit within " + EXIT_LIMIT + "\n" + logTail(80));
      }
      return process.exitValue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }

  private Process running() {
    Process current = process;
    if (current == null) {
      throw new IllegalStateException(id + " was never started");
    }
    return current;
  }
}
