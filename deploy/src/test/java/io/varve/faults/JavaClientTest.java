package io.varve.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.AppendResult;
import io.varve.client.Event;
import io.varve.client.SourceState;
import io.varve.client.SubscribeOptions;
import io.varve.client.Subscription;
import io.varve.client.SubscriptionListener;
import io.varve.client.VarveClient;
import io.varve.faults.History.Operation;
import io.varve.faults.ProcessCluster.Leader;
import io.varve.faults.ProcessCluster.Options;
import io.varve.proto.v1.RecordedEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The Java client as an application uses it: it retries, finds the leader and resumes by itself.
 */
@Tag("faults")
@Tag("heavy")
class JavaClientTest {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final int WRITERS = 64;
  private static final int EACH = Effort.of(10, 200);
  private static final int KILLS = Effort.of(2, 10);
  private static final int LOST = 1_000;
  private static final int IN_ONE_GO = 100;

  @RegisterExtension private final Clusters clusters = new Clusters();

  private final History history = new History();

  @Test
  void writersCountExactlyAndASubscriberFollowsThoughTheLeaderIsKilledTwice() throws Exception {
    ProcessCluster cluster = clusters.create(Options.plain()).start();
    Queue<Event> followed = new ConcurrentLinkedQueue<>();
    Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
    AtomicLong successes = new AtomicLong();
    try (VarveClient client = client(cluster);
        Subscription subscription =
            client.subscribe(SubscribeOptions.wholeLog(), listener(followed, failures))) {
      List<Callable<Integer>> writers = new ArrayList<>();
      for (int i = 0; i < WRITERS; i++) {
        String name = "j" + i;
        writers.add(() -> count(client, name, successes));
      }
      CompletableFuture<List<Integer>> writing = CompletableFuture.supplyAsync(() -> all(writers));
      for (int kill = 1; kill <= KILLS; kill++) {
        long due = (long) WRITERS * EACH * kill / (KILLS + 1);
        Await.until(due + " increments", LIMIT, () -> successes.get() >= due || writing.isDone());
        assertThat(writing).as("writers are at work when the leader is killed").isNotDone();
        Leader old = cluster.awaitLeader(LIMIT);
        old.node().kill();
        cluster.awaitLeaderAfter(old, LIMIT);
        old.node().start();
      }
      assertThat(writing.join()).allMatch(done -> done == EACH);
      long version = client.version("counter");
      assertThat(version).isEqualTo(successes.get()).isEqualTo((long) WRITERS * EACH);
      Await.until(
          "the subscriber to have seen everything",
          LIMIT,
          () -> followed.size() >= version || !failures.isEmpty());
      assertThat(failures).isEmpty();
      assertThat(subscription.done()).isNotDone();
    }
    cluster.awaitReady();
    List<RecordedEvent> log = cluster.connection(cluster.node(1)).log(LIMIT);
    assertThat(HistoryChecker.check(history, log)).isEmpty();
    assertThat(followed.stream().map(event -> event.position() + " " + event.id()))
        .as("what was followed: everything, in order, once")
        .isEqualTo(log.stream().map(event -> event.getPosition() + " " + event.getId()).toList());
  }

  @Test
  void appendsWhoseRepliesAreLostAreRepeatedAndLandOnce() throws Exception {
    ProcessCluster cluster = clusters.create(Options.plain()).start();
    NodeProcess node = cluster.awaitLeader(LIMIT).node();
    NodeProcess elsewhere = cluster.others(node).get(0);
    CuttingProxy proxy = cluster.proxy(node);
    int replayed = 0;
    try (VarveClient client =
        VarveClient.builder()
            .target("127.0.0.1:" + proxy.port())
            .learnAddresses(false) // Or it would go around the proxy.
            .deadline(LIMIT)
            .build()) {
      for (int sent = 0; sent < LOST; sent += IN_ONE_GO) {
        // Answered, so that the connection and the stream on it stand before replies are lost.
        Operation answered = history.begin(Caller.append("answered-" + sent, "answered", 0, 0));
        long answeredNanos = System.nanoTime();
        AppendResult answer = client.append(JavaClientCalls.request(answered.append()).build());
        answered.answered(answeredNanos, JavaClientCalls.attempt(answered.append(), answer));
        long before = cluster.connection(elsewhere).head(LIMIT);
        proxy.swallowReplies();
        List<Operation> operations = new ArrayList<>();
        List<CompletableFuture<AppendResult>> results = new ArrayList<>();
        long sentNanos = System.nanoTime();
        for (int i = 0; i < IN_ONE_GO; i++) {
          Operation operation =
              history.begin(Caller.append("lost-" + (sent + i), "lost-" + i, 0, 10));
          operations.add(operation);
          results.add(client.appendAsync(JavaClientCalls.request(operation.append()).build()));
        }
        Await.until(
            "the appends to land whose replies are swallowed",
            LIMIT,
            () -> cluster.connection(elsewhere).head(LIMIT) == before + IN_ONE_GO,
            () ->
                "head %d after %d, %d connections, %d bytes swallowed"
                    .formatted(
                        cluster.connection(elsewhere).head(LIMIT),
                        before,
                        proxy.connections(),
                        proxy.swallowedBytes()));
        assertThat(results).as("nobody was answered").noneMatch(CompletableFuture::isDone);
        proxy.cut();
        proxy.forward();
        for (int i = 0; i < IN_ONE_GO; i++) {
          AppendResult result = results.get(i).join();
          replayed += result.orThrow().replayed() ? 1 : 0;
          operations
              .get(i)
              .answered(sentNanos, JavaClientCalls.attempt(operations.get(i).append(), result));
        }
      }
    }
    System.out.printf(
        "%d replies lost, %d bytes swallowed, %d connections cut, %d answers were originals%n",
        LOST, proxy.swallowedBytes(), proxy.cutConnections(), replayed);
    assertThat(proxy.cutConnections()).isGreaterThanOrEqualTo(LOST / IN_ONE_GO);
    assertThat(replayed).as("every answer is the original one, repeated").isEqualTo(LOST);
    List<RecordedEvent> log = cluster.connection(elsewhere).log(LIMIT);
    assertThat(log).hasSize(LOST + LOST / IN_ONE_GO);
    assertThat(HistoryChecker.check(history, log)).isEmpty();
  }

  private static VarveClient client(ProcessCluster cluster) {
    VarveClient.Builder builder = VarveClient.builder().deadline(LIMIT);
    cluster.nodes().forEach(node -> builder.target("127.0.0.1:" + node.clientPort()));
    return builder.build();
  }

  private int count(VarveClient client, String writer, AtomicLong successes) {
    SourceState state = client.source("counter");
    long version = state.version();
    int done = 0;
    for (int tries = 0; done < EACH; tries++) {
      Operation operation =
          history.begin(Caller.increment(writer + "-" + tries, "counter", version, 0));
      long sent = System.nanoTime();
      AppendResult result = client.append(JavaClientCalls.request(operation.append()).build());
      operation.answered(sent, JavaClientCalls.attempt(operation.append(), result));
      if (result instanceof AppendResult.Appended appended) {
        done++;
        successes.incrementAndGet();
        version = appended.version("counter");
      } else {
        version = ((AppendResult.Conflict) result).failed().get(0).foundVersion();
      }
    }
    return done;
  }

  private static SubscriptionListener listener(Queue<Event> followed, Queue<Throwable> failures) {
    return new SubscriptionListener() {
      @Override
      public void onEvent(Event event) {
        followed.add(event);
      }

      @Override
      public void onError(Throwable error) {
        failures.add(error);
      }
    };
  }

  private static <T> List<T> all(List<Callable<T>> callables) {
    try {
      return Parallel.all(callables.size(), callables);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
