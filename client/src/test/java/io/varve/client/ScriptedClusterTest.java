package io.varve.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;

/** What tests against scripted nodes share. */
abstract class ScriptedClusterTest {

  static final Duration PATIENCE = Duration.ofSeconds(90);

  final FakeLog log = new FakeLog("one");
  private final List<AutoCloseable> toClose = new ArrayList<>();

  /** A node that nobody calls the leader. */
  FakeNode node(String name) {
    return closeLater(new FakeNode(name, log));
  }

  /** A node that says of itself that it leads. */
  FakeNode leader(String name) {
    FakeNode node = node(name);
    node.leader = node::address;
    return node;
  }

  VarveClient client(FakeNode... nodes) {
    return client(builder(nodes));
  }

  VarveClient client(VarveClient.Builder builder) {
    return closeLater(builder.build());
  }

  /** The deadline is one a busy machine keeps, and ends before {@link #PATIENCE} hides why. */
  static VarveClient.Builder builder(FakeNode... nodes) {
    VarveClient.Builder builder = VarveClient.builder().deadline(Duration.ofMinutes(1));
    for (FakeNode node : nodes) {
      builder.target(node.address());
    }
    return builder;
  }

  <T extends AutoCloseable> T closeLater(T closeable) {
    toClose.add(0, closeable);
    return closeable;
  }

  @AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable closeable : toClose) {
      closeable.close();
    }
  }

  static NewEvent event(String source, String data) {
    return NewEvent.builder(source, "Happened").data(data).build();
  }

  static AppendResult.Appended appended(CompletableFuture<AppendResult> future) {
    return get(future).orThrow();
  }

  static <T> T get(CompletableFuture<T> future) {
    try {
      return future.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException | ExecutionException | TimeoutException failed) {
      throw new AssertionError(failed);
    }
  }

  static Throwable failure(CompletableFuture<?> future) {
    try {
      Object result = future.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
      throw new AssertionError("did not fail, but gave " + result);
    } catch (ExecutionException failed) {
      return failed.getCause();
    } catch (InterruptedException | TimeoutException failed) {
      throw new AssertionError(failed);
    }
  }

  static void eventually(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime() < deadline).as("in time: %s", what).isTrue();
      Thread.onSpinWait();
      try {
        TimeUnit.MILLISECONDS.sleep(2); // between two looks at the condition
      } catch (InterruptedException interrupted) {
        throw new AssertionError(interrupted);
      }
    }
  }

  List<String> payloads() {
    return log.events().stream().map(e -> e.getData().toStringUtf8()).toList();
  }
}
