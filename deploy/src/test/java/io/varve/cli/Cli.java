package io.varve.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;

/** Runs the command line in this process and keeps what it printed. */
final class Cli {
  private static final JsonMapper JSON = new JsonMapper();
  private static final List<String> ALL_REACHABLE = List.of("true", "true", "true");

  private final Map<String, String> environment = new HashMap<>();
  private byte[] input = new byte[0];
  private boolean terminal;

  /** Sets an environment variable. */
  Cli with(String name, String value) {
    environment.put(name, value);
    return this;
  }

  /** What stands on standard input. */
  Cli input(String text) {
    input = text.getBytes(StandardCharsets.UTF_8);
    return this;
  }

  /** Somebody watches. */
  Cli terminal() {
    terminal = true;
    return this;
  }

  /** Runs a command to its end. */
  Result run(String... arguments) {
    Running running = new Running();
    return running.run(arguments);
  }

  /** The cluster as it describes itself once three nodes answer each other and one leads. */
  JsonNode wholeCluster() {
    AtomicReference<JsonNode> seen = new AtomicReference<>();
    Eventually.holds(
        () -> {
          JsonNode cluster = run("cluster", "describe", "--json").onlyJson();
          seen.set(cluster);
          return cluster.get("members").findValuesAsText("reachable").equals(ALL_REACHABLE)
              && cluster.get("members").findValuesAsText("role").contains("leader");
        });
    return seen.get();
  }

  /** Starts a command that has no end of its own. */
  Running start(String... arguments) {
    Running running = new Running();
    running.result = CompletableFuture.supplyAsync(() -> running.run(arguments), Cli::thread);
    return running;
  }

  private static void thread(Runnable task) {
    Thread thread = new Thread(task, "cli-under-test");
    thread.setDaemon(true);
    thread.start();
  }

  /** How a command ended and what it printed. */
  record Result(int exit, String out, String err) {

    List<String> lines() {
      return out.lines().toList();
    }

    /** Every line of standard output, as JSON. */
    List<JsonNode> json() {
      return lines().stream().map(Cli::json).toList();
    }

    /** The only line of standard output, as JSON. */
    JsonNode onlyJson() {
      if (lines().size() != 1) {
        throw new AssertionError("not one line: " + this);
      }
      return json().get(0);
    }
  }

  static JsonNode json(String line) {
    try {
      return JSON.readTree(line);
    } catch (IOException e) {
      throw new UncheckedIOException(line, e);
    }
  }

  /** A command under way. */
  final class Running implements Lifetime {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final CountDownLatch stopped = new CountDownLatch(1);
    private volatile Runnable stop = () -> {};
    private volatile boolean stopping;
    private CompletableFuture<Result> result = new CompletableFuture<>();

    private Result run(String... arguments) {
      Console console =
          Console.of(new ByteArrayInputStream(input), out, err, environment, terminal, this);
      int exit = Varve.run(console, arguments);
      return new Result(exit, out(), err());
    }

    String out() {
      return out.toString(StandardCharsets.UTF_8);
    }

    String err() {
      return err.toString(StandardCharsets.UTF_8);
    }

    CompletableFuture<Result> result() {
      return result;
    }

    /** As Ctrl-C does. */
    void stop() {
      stopping = true;
      stop.run();
      stopped.countDown();
    }

    /** A command that is stopped before it says how is stopped then. */
    @Override
    public void onStop(Runnable stop) {
      this.stop = stop;
      if (stopping) {
        stop.run();
      }
    }

    @Override
    public void awaitStop() throws InterruptedException {
      stopped.await();
    }
  }
}
