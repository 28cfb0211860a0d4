package io.varve.client.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.Head;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class HeadReadsTest {

  private final List<CompletableFuture<Head>> calls = new ArrayList<>();
  private final List<CompletableFuture<Head>> waiting = new ArrayList<>();
  private final HeadReads reads = reads(1);

  private HeadReads reads(int atATime) {
    return new HeadReads(
        atATime,
        () -> {
          calls.add(new CompletableFuture<>());
          return calls.get(calls.size() - 1);
        },
        waiting::add);
  }

  private static Head head(long position) {
    return new Head(position, Optional.empty(), new UUID(0, 1));
  }

  @Test
  void whoAsksWhileOneIsUnderWayIsAnsweredByTheNextOne() {
    CompletableFuture<Head> first = reads.read();
    CompletableFuture<Head> second = reads.read();
    CompletableFuture<Head> third = reads.read();
    assertThat(calls).hasSize(1);

    calls.get(0).complete(head(1));
    assertThat(first).isCompletedWithValue(head(1));
    assertThat(second).isNotDone();
    assertThat(calls).hasSize(2);

    CompletableFuture<Head> fourth = reads.read();
    calls.get(1).complete(head(2));
    assertThat(second).isCompletedWithValue(head(2));
    assertThat(third).isCompletedWithValue(head(2));
    assertThat(fourth).isNotDone();

    calls.get(2).complete(head(3));
    assertThat(fourth).isCompletedWithValue(head(3));
    assertThat(calls).hasSize(3);
    assertThat(reads.read()).isNotDone();
    assertThat(calls).hasSize(4);
  }

  @Test
  void asManyAreUnderWayAsMayBe() {
    HeadReads two = reads(2);
    CompletableFuture<Head> first = two.read();
    CompletableFuture<Head> second = two.read();
    CompletableFuture<Head> third = two.read();
    assertThat(calls).hasSize(2);

    calls.get(1).complete(head(1));
    assertThat(second).isCompletedWithValue(head(1));
    assertThat(calls).hasSize(3);
    CompletableFuture<Head> fourth = two.read();
    calls.get(0).complete(head(1));
    assertThat(first).isCompletedWithValue(head(1));
    calls.get(3).complete(head(3));
    assertThat(fourth).isCompletedWithValue(head(3));
    assertThat(third).isNotDone();
    assertThat(two.read()).isNotDone();
    assertThat(calls).hasSize(5);
  }

  @Test
  void whoJoinsTakesTheNewestReadThatIsUnderWay() {
    CompletableFuture<Head> first = reads.join();
    CompletableFuture<Head> joined = reads.join();
    CompletableFuture<Head> unused = reads.read();
    assertThat(calls).hasSize(1);

    calls.get(0).complete(head(1));
    assertThat(first).isCompletedWithValue(head(1));
    assertThat(joined).isCompletedWithValue(head(1));
    CompletableFuture<Head> second = reads.join();
    assertThat(calls).hasSize(2);
    assertThat(second.cancel(false)).isTrue();
    CompletableFuture<Head> third = reads.join();
    calls.get(1).complete(head(2));
    assertThat(third).isCompletedWithValue(head(2));
    assertThat(reads.join()).isNotDone();
    assertThat(calls).hasSize(3);
  }

  @Test
  void whoJoinedAReadThatFailsGetsOneOfItsOwn() {
    CompletableFuture<Head> first = reads.read();
    CompletableFuture<Head> joined = reads.join();
    calls.get(0).completeExceptionally(new IllegalStateException("too late"));
    assertThat(first).isCompletedExceptionally();
    assertThat(joined).isNotDone();
    calls.get(1).complete(head(2));
    assertThat(joined).isCompletedWithValue(head(2));
  }

  @Test
  void aFailureIsThatOfThoseWhoWaitedForIt() {
    CompletableFuture<Head> first = reads.read();
    CompletableFuture<Head> second = reads.read();
    calls.get(0).completeExceptionally(new IllegalStateException("lost"));
    assertThat(first).isCompletedExceptionally();
    calls.get(1).complete(head(2));
    assertThat(second).isCompletedWithValue(head(2));
  }

  @Test
  void oneWhoCancelsDoesNotDisturbTheOthers() {
    CompletableFuture<Head> unused = reads.read();
    CompletableFuture<Head> second = reads.read();
    CompletableFuture<Head> third = reads.read();
    assertThat(second.cancel(false)).isTrue();
    calls.get(0).complete(head(1));
    calls.get(1).complete(head(2));
    assertThat(third).isCompletedWithValue(head(2));
  }

  @Test
  void whoWaitsForTheNextOneHasADeadlineToo() {
    CompletableFuture<Head> unused = reads.read();
    CompletableFuture<Head> second = reads.read();
    assertThat(waiting).hasSize(1);
    waiting.get(0).completeExceptionally(new IllegalStateException("late"));
    assertThat(second).isCompletedExceptionally();
  }
}
