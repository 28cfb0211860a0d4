package io.varve.client.projections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import io.varve.client.ClientClosedException;
import io.varve.client.DeadlineExceededException;
import io.varve.client.Event;
import io.varve.client.NewEvent;
import io.varve.client.VarveClient;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How a projection is run, without regard to its database. */
class ProjectionRunnerTest extends ProjectionTestBase {

  private final ConcurrentLinkedQueue<Long> seen = new ConcurrentLinkedQueue<>();

  private Projection.Builder<NoTransaction> projection(CheckpointStore<NoTransaction> store) {
    return Projection.builder(name, store)
        .filter(filter())
        .retry(QUICK)
        .handler((EventHandler) event -> seen.add(event.position()));
  }

  @Test
  void catchesUpAndFollows() {
    append("a", "b", "a");
    ProjectionRunner<NoTransaction> runner = start(projection(new MemoryCheckpointStore()).build());
    assertThat(runner.await(append("c"), PATIENCE).parked()).isEmpty();
    assertThat(seen).containsExactlyElementsOf(logPositions()).hasSize(4);
    runner.await(append("d", "a"), PATIENCE);
    assertThat(seen).containsExactlyElementsOf(logPositions()).hasSize(6);
  }

  @Test
  void resumesWhereItsCheckpointSays(@TempDir Path directory) {
    try (FileCheckpointStore store = FileCheckpointStore.open(directory);
        ProjectionRunner<NoTransaction> runner =
            ProjectionRunner.start(client, projection(store).build())) {
      runner.await(append("a", "b"), PATIENCE);
    }
    append("a");
    try (FileCheckpointStore store = FileCheckpointStore.open(directory);
        ProjectionRunner<NoTransaction> runner =
            ProjectionRunner.start(client, projection(store).build())) {
      runner.await(append("c"), PATIENCE);
    }
    assertThat(seen).containsExactlyElementsOf(logPositions()).hasSize(4);
  }

  @Test
  void withoutAFilterItTakesTheWholeLogButWhatBelongsToProjections() {
    long first = append("a");
    client.append(NewEvent.builder("$projection/x/1/lease/0", "LeaseTaken").build()).orThrow();
    long last = appendOther();
    ConcurrentLinkedQueue<Event> all = new ConcurrentLinkedQueue<>();
    ProjectionRunner<NoTransaction> runner =
        start(
            Projection.builder(name, new MemoryCheckpointStore())
                .handler((EventHandler) all::add)
                .build());
    runner.await(last, PATIENCE);
    assertThat(all).extracting(Event::position).contains(first, last).doesNotContain(first + 1);
  }

  @Test
  void awaitsPositionsWhoseEventsDoNotMatch() {
    ProjectionRunner<NoTransaction> runner = start(projection(new MemoryCheckpointStore()).build());
    runner.await(append("a"), PATIENCE);
    for (int i = 0; i < 5; i++) {
      runner.await(appendOther(), PATIENCE);
    }
    assertThat(seen).hasSize(1);
    assertThat(runner.await(0, PATIENCE).position()).isZero();
  }

  @Test
  void anAwaitedPositionIsNotReachedBeforeItsEventIsApplied() throws Exception {
    CountDownLatch may = new CountDownLatch(1);
    ProjectionRunner<NoTransaction> runner =
        start(
            projection(new MemoryCheckpointStore())
                .handler(
                    (EventHandler)
                        event -> {
                          may.await();
                          seen.add(event.position());
                        })
                .build());
    long position = append("a");
    CompletableFuture<Applied> future = runner.await(position);
    assertThatThrownBy(() -> runner.await(position, Duration.ofMillis(300)))
        .isInstanceOf(DeadlineExceededException.class)
        .hasMessageContaining(name)
        .hasMessageContaining("position " + position);
    assertThat(future).isNotDone();
    may.countDown();
    assertThat(future.get(60, TimeUnit.SECONDS).position()).isEqualTo(position);
    assertThat(seen).containsExactly(position);
  }

  @Test
  void whatIsAwaitedWhenTheRunnerEndsFails() {
    ProjectionRunner<NoTransaction> runner = start(projection(new MemoryCheckpointStore()).build());
    CompletableFuture<Applied> future = runner.await(Long.MAX_VALUE);
    runner.close();
    assertThat(runner.done()).isCompleted();
    assertThat(future).isCompletedExceptionally();
    assertThatThrownBy(() -> runner.await(1, PATIENCE))
        .isInstanceOf(ProjectionException.class)
        .hasMessageContaining("has ended");
    assertThatThrownBy(() -> runner.await(-1)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void theRunnerThatStartedLastHasAnUnsharedProjection() {
    MemoryCheckpointStore store = new MemoryCheckpointStore();
    ProjectionRunner<NoTransaction> first = start(projection(store).build());
    first.await(append("a"), PATIENCE);
    ProjectionRunner<NoTransaction> second = start(projection(store).build());
    second.await(append("b"), PATIENCE);
    // The first may have applied that one before the second took over; the next it cannot.
    second.await(append("c"), PATIENCE);
    Eventually.until("the first to end", () -> first.done().isCompletedExceptionally());
    assertThatThrownBy(() -> first.await(1, PATIENCE)).isInstanceOf(FencedException.class);
    assertThat(first.metrics().fenced()).isEqualTo(1);
    assertThat(second.done()).isNotDone();
    // Without a transaction: at least once.
    assertThat(seen).containsAll(logPositions());
  }

  @Test
  void closingTheClientEndsTheRunner() {
    VarveClient own = VarveClient.builder().target(NODE.address()).build();
    ProjectionRunner<NoTransaction> runner =
        closeLater(ProjectionRunner.start(own, projection(new MemoryCheckpointStore()).build()));
    runner.await(append("a"), PATIENCE);
    own.close();
    Eventually.until("the runner to end", () -> runner.done().isCompletedExceptionally());
    assertThatThrownBy(() -> runner.await(1, PATIENCE)).isInstanceOf(ClientClosedException.class);
  }

  @Test
  void aCheckpointOfAnotherLogIsRefused() {
    MemoryCheckpointStore store = new MemoryCheckpointStore();
    store.open(name, 1, 1, false, UUID.randomUUID());
    assertThatThrownBy(() -> start(projection(store).build()))
        .isInstanceOf(ProjectionException.class)
        .hasMessageContaining(name)
        .hasMessageContaining("was restored or replaced")
        .hasMessageContaining("rebuild as a new generation");
  }

  @Test
  void otherPartitionsThanBeforeAreRefused() {
    MemoryCheckpointStore store = new MemoryCheckpointStore();
    start(projection(store).build()).close();
    assertThatThrownBy(() -> start(projection(store).partitions(8).build()))
        .isInstanceOf(ProjectionException.class)
        .hasMessageContaining("was made unshared")
        .hasMessageContaining("8 partitions");
  }

  @Test
  void badSettingsAreRefusedByName() {
    MemoryCheckpointStore store = new MemoryCheckpointStore();
    assertThatThrownBy(() -> Projection.builder("a b", store)).hasMessageContaining("'a b'");
    assertThatThrownBy(() -> Projection.builder("", store)).hasMessageContaining("1 to 100");
    assertThatThrownBy(() -> Projection.builder(name, store).build())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("has no handler");
    assertThatThrownBy(() -> projection(store).partitions(65)).hasMessageContaining("1 to 64");
    assertThatThrownBy(() -> projection(store).batchEvents(0)).hasMessageContaining("batchEvents");
    assertThatThrownBy(() -> projection(store).lease(Duration.ofMillis(1)))
        .hasMessageContaining("lease must be");
    assertThatThrownBy(() -> projection(store).generation(0)).hasMessageContaining("from 1");
    assertThatThrownBy(() -> projection(store).maxParkedSources(-1))
        .hasMessageContaining("maxParkedSources");
    assertThatThrownBy(() -> projection(store).maxParkedEvents(0))
        .hasMessageContaining("maxParkedEvents");
  }

  @Test
  void metricsTellHowItStands() {
    MetricRegistry registry = new MetricRegistry();
    ProjectionRunner<NoTransaction> runner =
        start(projection(new MemoryCheckpointStore()).metrics(registry).build());
    long position = append("a", "b");
    runner.await(position, PATIENCE);
    assertThat(runner.metrics().applied()).isEqualTo(2);
    assertThat(runner.metrics().partitions()).isEqualTo(1);
    assertThat(runner.metrics().position()).isGreaterThanOrEqualTo(position);
    Eventually.until("no lag", () -> runner.metrics().lag() == 0);
    assertThat(registry.getGauges())
        .hasSize(12)
        .extractingByKey("varve.projection." + name + ".1.applied")
        .satisfies(gauge -> assertThat(gauge.getValue()).isEqualTo(2L));
    runner.close();
    assertThat(registry.getGauges()).isEmpty();
  }

  @Test
  void lagIsWhatLiesBetweenTheHeadAndWhatIsApplied() throws Exception {
    CountDownLatch may = new CountDownLatch(1);
    ProjectionRunner<NoTransaction> runner =
        start(
            projection(new MemoryCheckpointStore())
                .handler((EventHandler) event -> may.await())
                .build());
    append("a");
    long head = append("b", "c", "d");
    Eventually.until(
        "the lag to show", () -> runner.metrics().head() >= head && runner.metrics().lag() >= 4);
    may.countDown();
    runner.await(head, PATIENCE);
    Eventually.until("no lag", () -> runner.metrics().lag() == 0);
  }

  @Test
  void anEventIsHandedOutInBatchesThatAreStoredOnce() {
    String[] sources = new String[50];
    java.util.Arrays.setAll(sources, i -> "s" + i);
    append(sources);
    ProjectionRunner<NoTransaction> runner =
        start(projection(new MemoryCheckpointStore()).batchEvents(7).build());
    runner.await(append("last"), PATIENCE);
    assertThat(List.copyOf(seen)).isEqualTo(logPositions()).hasSize(51);
  }
}
