package io.varve.client.commands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.client.AppendId;
import io.varve.client.AppendRequest;
import io.varve.client.ConcurrencyScope;
import io.varve.client.NewEvent;
import io.varve.client.OutOfRangeException;
import io.varve.client.OverloadedException;
import io.varve.client.RetryPolicy;
import io.varve.client.VarveClient;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Boundaries, retries, threads and append ids. */
class CommandExecutionTest extends CommandTest {

  @EventType
  record Added(int number) {}

  /** Each takes the next number; the scope is one stream, whoever's source it is. */
  @Command
  @EventStreamId(concurrency = true)
  record Add(EventSourceId source, String scope, Runnable body) implements CanProvideEventStreamId {
    @Override
    public String eventStreamId() {
      return scope;
    }

    Added handle() {
      body.run();
      return new Added(1);
    }
  }

  private void rival(String scope) {
    client.append(NewEvent.builder("rival", "Rival").streamId(scope).build()).orThrow();
  }

  private static long after(CommandResult result) {
    return ((ConcurrencyScope) result.checks().get(0)).after();
  }

  // ---- the boundary ----

  @Test
  void theBoundaryIsTheHeadReadAfreshBeforeHandle() {
    String scope = NODE.unique("scope");
    VarveClient other = NODE.client();
    // Something the client itself has not learned of.
    long head =
        other
            .append(NewEvent.builder("other", "Other").streamId(scope).build())
            .orThrow()
            .lastPosition();
    CommandResult result = commands.execute(new Add(id("s"), scope, () -> {}));
    assertThat(result).isInstanceOf(CommandResult.Appended.class);
    assertThat(after(result)).isEqualTo(head);
  }

  @Test
  void aKnownHeadSavesTheQuestionAndIsAsSafe() {
    String scope = NODE.unique("scope");
    VarveClient fresh = NODE.client();
    Commands known = Commands.of(fresh).withBoundary(Boundary.known());
    assertThat(fresh.knownHead()).isEmpty();
    // Nothing is known yet: asked for.
    CommandResult first = known.execute(new Add(id("s"), scope, () -> {}));
    assertThat(first).isInstanceOf(CommandResult.Appended.class);
    assertThat(fresh.knownHead()).isEqualTo(OptionalLong.of(appended(first).lastPosition()));
    // Known from the answer to the first.
    CommandResult second = known.execute(new Add(id("s"), scope, () -> {}));
    assertThat(after(second)).isEqualTo(appended(first).lastPosition());
    assertThat(second).isInstanceOf(CommandResult.Appended.class);
    // An old one only adds conflicts.
    rival(scope);
    assertThat(known.execute(new Add(id("s"), scope, () -> {})))
        .isInstanceOf(CommandResult.ConcurrencyViolation.class);
    // The conflict is made again with a head asked for.
    rival(scope);
    CommandResult again =
        known
            .withRetry(RetryPolicy.defaults().withMaxAttempts(2))
            .execute(new Add(id("s"), scope, () -> {}));
    assertThat(again).isInstanceOf(CommandResult.Appended.class);
  }

  @Test
  void aPositionOfTheApplicationsOwnIsTakenBeforeEveryHandle() {
    String scope = NODE.unique("scope");
    rival(scope);
    List<String> order = new ArrayList<>();
    Commands behind =
        commands.withBoundary(
            Boundary.of(
                () -> {
                  order.add("position");
                  return 0;
                }));
    CommandResult raced =
        behind
            .withRetry(RetryPolicy.defaults().withMaxAttempts(2))
            .execute(new Add(id("s"), scope, () -> order.add("handle")));
    assertThat(violation(raced).attempts()).isEqualTo(2);
    assertThat(order).containsExactly("position", "handle", "position", "handle");
    assertThat(get(behind.executeAsync(new Add(id("s"), scope, () -> {}))))
        .isInstanceOf(CommandResult.ConcurrencyViolation.class);
  }

  @Test
  void aBoundaryThatIsNoneIsRefused() {
    String scope = NODE.unique("scope");
    Add command = new Add(id("s"), scope, () -> {});
    assertThatThrownBy(() -> commands.withBoundary(Boundary.of(() -> -1)).execute(command))
        .isInstanceOf(CommandFailedException.class)
        .hasMessageContaining("negative");
    assertThatThrownBy(
            () -> commands.withBoundary(Boundary.of(() -> Long.MAX_VALUE)).execute(command))
        .isInstanceOf(OutOfRangeException.class);
  }

  @Command
  record Unscoped(EventSourceId source) {
    Added handle() {
      return new Added(1);
    }
  }

  @Test
  void withoutAScopeNoBoundaryIsTaken() {
    AtomicInteger asked = new AtomicInteger();
    Commands counting = commands.withBoundary(Boundary.of(asked::getAndIncrement));
    assertThat(appended(counting.execute(new Unscoped(id("s")))).checks()).isEmpty();
    assertThat(asked).hasValue(0);
  }

  // ---- making the decision again ----

  @Test
  void aViolationIsNotRetriedUnlessAskedFor() {
    String scope = NODE.unique("scope");
    AtomicInteger handled = new AtomicInteger();
    Add command =
        new Add(
            id("s"),
            scope,
            () -> {
              handled.incrementAndGet();
              rival(scope);
            });
    assertThat(violation(commands.execute(command)).attempts()).isEqualTo(1);
    assertThat(handled).hasValue(1);
  }

  @Test
  void aRetryMakesTheDecisionAgainUntilItHolds() {
    for (boolean async : new boolean[] {false, true}) {
      String scope = NODE.unique("scope");
      EventSourceId source = id("s");
      AtomicInteger handled = new AtomicInteger();
      Add command =
          new Add(
              source,
              scope,
              () -> {
                if (handled.incrementAndGet() < 3) {
                  rival(scope);
                }
              });
      Commands retrying = commands.withRetry(RetryPolicy.defaults().withMaxAttempts(5));
      CommandResult result =
          async ? get(retrying.executeAsync(command)) : retrying.execute(command);
      assertThat(result).isInstanceOf(CommandResult.Appended.class);
      assertThat(handled).hasValue(3);
      assertThat(client.version(source.value())).isEqualTo(1);
    }
  }

  @Test
  void aRetryThatNeverHoldsEndsWithTheViolation() {
    for (boolean async : new boolean[] {false, true}) {
      String scope = NODE.unique("scope");
      AtomicInteger handled = new AtomicInteger();
      Add command =
          new Add(
              id("s"),
              scope,
              () -> {
                handled.incrementAndGet();
                rival(scope);
              });
      Commands retrying = commands.withRetry(RetryPolicy.defaults().withMaxAttempts(4));
      CommandResult result =
          async ? get(retrying.executeAsync(command)) : retrying.execute(command);
      assertThat(violation(result).attempts()).isEqualTo(4);
      assertThat(handled).hasValue(4);
    }
  }

  @Test
  void manyCommandsThatContendAllLandWithRetries() {
    String scope = NODE.unique("scope");
    Commands retrying = commands.withRetry(RetryPolicy.defaults());
    List<CompletableFuture<CommandResult>> running = new ArrayList<>();
    for (int i = 0; i < 32; i++) {
      running.add(retrying.executeAsync(new Add(EventSourceId.of(scope), scope, () -> {})));
    }
    running.forEach(one -> assertThat(get(one)).isInstanceOf(CommandResult.Appended.class));
    assertThat(client.version(scope)).isEqualTo(32);
  }

  // ---- threads ----

  @Test
  void handleRunsOnTheExecutorAndOnTheCallersThread() {
    ExecutorService own = Executors.newSingleThreadExecutor(task -> new Thread(task, "own"));
    try {
      Commands onOwn = Commands.builder(client).executor(own).build();
      ConcurrentLinkedQueue<String> ran = new ConcurrentLinkedQueue<>();
      Add command =
          new Add(id("s"), NODE.unique("x"), () -> ran.add(Thread.currentThread().getName()));
      get(onOwn.executeAsync(command));
      onOwn.execute(command);
      get(commands.executeAsync(command));
      assertThat(ran).hasSize(3);
      assertThat(ran.poll()).isEqualTo("own");
      assertThat(ran.poll()).isEqualTo(Thread.currentThread().getName());
      assertThat(ran.poll()).startsWith("varve-command-");
    } finally {
      own.shutdownNow();
    }
  }

  @Test
  void anExecutorThatTakesNoMoreIsOverload() {
    Commands full =
        Commands.builder(client)
            .executor(
                task -> {
                  throw new RejectedExecutionException("full");
                })
            .build();
    assertThat(failure(full.executeAsync(new Unscoped(id("s")))))
        .isInstanceOf(OverloadedException.class)
        .hasMessageContaining("full");
    assertThat(failure(full.executeAsync(new Add(id("s"), "x", () -> {}))))
        .isInstanceOf(OverloadedException.class);
  }

  // ---- append ids ----

  @Test
  void aCommandWithAnAppendIdLandsOnceAndIsNotHandledAgain() {
    for (boolean async : new boolean[] {false, true}) {
      String scope = NODE.unique("scope");
      EventSourceId source = id("s");
      AtomicInteger handled = new AtomicInteger();
      AppendId id = client.newAppendId();
      Add command = new Add(source, scope, handled::incrementAndGet);

      CommandResult first =
          async ? get(commands.executeAsync(command, id)) : commands.execute(command, id);
      rival(scope);
      CommandResult again =
          async ? get(commands.executeAsync(command, id)) : commands.execute(command, id);

      assertThat(appended(first).replayed()).isFalse();
      assertThat(appended(again).replayed()).isTrue();
      assertThat(appended(again).firstPosition()).isEqualTo(appended(first).firstPosition());
      assertThat(appended(again).eventSourceId()).contains(source);
      assertThat(again.checks()).isEmpty();
      assertThat(handled).hasValue(1);
      assertThat(client.version(source.value())).isEqualTo(1);
    }
  }

  /** The same command was delivered twice, and the other delivery lands while this one decides. */
  @Test
  void aCommandThatIsDeliveredTwiceAtOnceLandsOnce() {
    for (boolean async : new boolean[] {false, true}) {
      EventSourceId source = id("s");
      AppendId id = client.newAppendId();
      Add command =
          new Add(
              source,
              NODE.unique("scope"),
              () ->
                  client
                      .append(
                          AppendRequest.builder()
                              .event(NewEvent.builder(source.value(), "Other").build())
                              .appendId(id)
                              .build())
                      .orThrow());
      CommandResult result =
          async ? get(commands.executeAsync(command, id)) : commands.execute(command, id);
      assertThat(appended(result).replayed()).isTrue();
      assertThat(client.version(source.value())).isEqualTo(1);
    }
  }

  @Test
  void anAppendIdSurvivesAViolation() {
    String scope = NODE.unique("scope");
    AppendId id = client.newAppendId();
    AtomicInteger handled = new AtomicInteger();
    Add command =
        new Add(
            id("s"),
            scope,
            () -> {
              if (handled.incrementAndGet() == 1) {
                rival(scope);
              }
            });
    CommandResult result =
        commands.withRetry(RetryPolicy.defaults().withMaxAttempts(2)).execute(command, id);
    assertThat(appended(result).replayed()).isFalse();
    assertThat(handled).hasValue(2);
  }
}
