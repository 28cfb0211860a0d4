package io.varve.client.commands;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.AppendRequest;
import io.varve.client.AppendResult;
import io.varve.client.ConcurrencyScope;
import io.varve.client.Condition;
import io.varve.client.Filter;
import io.varve.client.FilterItem;
import io.varve.client.NewEvent;
import io.varve.client.RealNode;
import io.varve.client.VarveClient;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What a command costs beside the raw append it makes, at 64 in flight, alternating in one run:
 * prints the median of each and how it compares, and holds it against its bar. Run by hand
 * (docs/testing.md); the name keeps it out of the build.
 */
class CommandOverheadBench {

  private static final int IN_FLIGHT = 64;
  private static final int ROUNDS = Integer.getInteger("varve.bench.rounds", 20);
  private static final int APPENDS_A_ROUND = 4_000;
  private static final int WARMUP_ROUNDS = 5;

  @RegisterExtension static final RealNode NODE = new RealNode();

  @EventType
  record Paid(EventSourceId account, int amount) {}

  @Command
  record Pay(EventSourceId account, int amount) {
    Paid handle() {
      return new Paid(account, amount);
    }
  }

  @Command
  @EventStreamId(concurrency = true)
  record PayScoped(EventSourceId account, int amount) implements CanProvideEventStreamId {
    @Override
    public String eventStreamId() {
      return account.value();
    }

    Paid handle() {
      return new Paid(account, amount);
    }
  }

  private final VarveClient client = NODE.client();
  private final Commands fresh = Commands.of(client);
  private final Commands known = fresh.withBoundary(Boundary.known());

  private final EventSourceId[] sources = new EventSourceId[IN_FLIGHT];
  private final Map<String, IntFunction<CompletableFuture<Boolean>>> async = new LinkedHashMap<>();
  private final Map<String, IntFunction<Boolean>> blocking = new LinkedHashMap<>();

  CommandOverheadBench() {
    for (int slot = 0; slot < IN_FLIGHT; slot++) {
      sources[slot] = EventSourceId.of("account-" + slot);
    }
    variant("raw", this::raw);
    variant("command", slot -> new Pay(sources[slot], 5), fresh);
    variant("raw scoped", this::rawScoped);
    variant("command, known head", slot -> new PayScoped(sources[slot], 5), known);
    variant("command, head read afresh", slot -> new PayScoped(sources[slot], 5), fresh);
  }

  private void variant(String name, IntFunction<AppendRequest> request) {
    async.put(
        name,
        slot ->
            client
                .appendAsync(request.apply(slot))
                .thenApply(AppendResult.Appended.class::isInstance));
    blocking.put(name, slot -> client.append(request.apply(slot)) instanceof AppendResult.Appended);
  }

  private void variant(String name, IntFunction<Object> command, Commands commands) {
    async.put(
        name,
        slot ->
            commands
                .executeAsync(command.apply(slot))
                .thenApply(CommandResult.Appended.class::isInstance));
    blocking.put(
        name, slot -> commands.execute(command.apply(slot)) instanceof CommandResult.Appended);
  }

  private AppendRequest raw(int slot) {
    return AppendRequest.of(List.of(event(slot, "")), List.of());
  }

  private AppendRequest rawScoped(int slot) {
    String account = sources[slot].value();
    Condition scope =
        new ConcurrencyScope(
            Filter.anyOf(FilterItem.builder().streamId(account).build()),
            client.knownHead().orElseThrow());
    return AppendRequest.of(List.of(event(slot, account)), List.of(scope));
  }

  private NewEvent event(int slot, String streamId) {
    String account = sources[slot].value();
    return NewEvent.builder(account, "Paid")
        .contentType("application/json")
        .streamId(streamId)
        .data("{\"account\":\"" + account + "\",\"amount\":5}")
        .build();
  }

  @Test
  void measuresWithoutWaiting() {
    measure("executeAsync and appendAsync", name -> roundAsync(async.get(name)));
  }

  @Test
  void measuresWaiting() {
    measure("execute and append on 64 threads", name -> roundBlocking(blocking.get(name)));
  }

  private interface Round {
    long[] run(String name) throws Exception;
  }

  private void measure(String what, Round round) {
    Map<String, List<long[]>> measured = new LinkedHashMap<>();
    try {
      for (int number = 0; number < WARMUP_ROUNDS + ROUNDS; number++) {
        for (String name : async.keySet()) {
          long[] nanos = round.run(name);
          if (number >= WARMUP_ROUNDS) {
            measured.computeIfAbsent(name, missing -> new ArrayList<>()).add(nanos);
          }
        }
      }
    } catch (Exception e) {
      throw new AssertionError(e);
    }
    double raw = median(measured.get("raw"));
    double scoped = median(measured.get("raw scoped"));
    StringBuilder text = new StringBuilder("\n" + what + ", p50 at 64 in flight:\n");
    measured.forEach(
        (name, rounds) -> {
          double p50 = median(rounds);
          text.append(
              String.format(
                  "  %-26s %7.0f us  %.2f x raw  %.2f x raw scoped%n",
                  name, p50, p50 / raw, p50 / scoped));
        });
    System.out.println(text);
    assertThat(median(measured.get("command")) / raw).as("without flags").isLessThanOrEqualTo(1.3);
    assertThat(median(measured.get("command, known head")) / scoped)
        .as("with a head already known")
        .isLessThanOrEqualTo(1.3);
    assertThat(median(measured.get("command, head read afresh")) / scoped)
        .as("with the head read afresh")
        .isLessThanOrEqualTo(2.2);
  }

  private static double median(List<long[]> rounds) {
    long[] all = rounds.stream().flatMapToLong(Arrays::stream).sorted().toArray();
    return all[all.length / 2] / 1_000.0;
  }

  private static long[] roundAsync(IntFunction<CompletableFuture<Boolean>> work) throws Exception {
    long[] nanos = new long[APPENDS_A_ROUND];
    AtomicInteger next = new AtomicInteger();
    CountDownLatch done = new CountDownLatch(APPENDS_A_ROUND);
    for (int slot = 0; slot < IN_FLIGHT; slot++) {
      issue(work, slot, next, nanos, done);
    }
    done.await();
    return nanos;
  }

  private static void issue(
      IntFunction<CompletableFuture<Boolean>> work,
      int slot,
      AtomicInteger next,
      long[] nanos,
      CountDownLatch done) {
    int number = next.getAndIncrement();
    if (number >= nanos.length) {
      return;
    }
    long started = System.nanoTime();
    CompletableFuture<Boolean> unused =
        work.apply(slot)
            .whenComplete(
                (appended, failure) -> {
                  if (failure != null || !appended) {
                    System.err.println("not appended: " + failure);
                  }
                  nanos[number] = System.nanoTime() - started;
                  done.countDown();
                  issue(work, slot, next, nanos, done);
                });
  }

  private static long[] roundBlocking(IntFunction<Boolean> work) throws Exception {
    long[] nanos = new long[APPENDS_A_ROUND];
    AtomicInteger next = new AtomicInteger();
    List<Thread> threads = new ArrayList<>();
    for (int slot = 0; slot < IN_FLIGHT; slot++) {
      int own = slot;
      Thread thread =
          new Thread(
              () -> {
                for (int n = next.getAndIncrement(); n < nanos.length; n = next.getAndIncrement()) {
                  long started = System.nanoTime();
                  if (!work.apply(own)) {
                    System.err.println("not appended");
                  }
                  nanos[n] = System.nanoTime() - started;
                }
              });
      threads.add(thread);
      thread.start();
    }
    for (Thread thread : threads) {
      thread.join();
    }
    return nanos;
  }
}
