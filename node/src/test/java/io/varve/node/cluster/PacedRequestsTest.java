package io.varve.node.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.apache.ratis.util.Timestamp;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Pieces of a snapshot go out as they are answered. */
@Timeout(60)
class PacedRequestsTest {

  private final AtomicReference<Timestamp> answered =
      new AtomicReference<>(Timestamp.currentTime());
  private final AtomicBoolean failed = new AtomicBoolean();
  private final AtomicInteger sent = new AtomicInteger();

  private PacedRequests<Integer> requests(int count, Duration patience) {
    List<Integer> pieces = IntStream.range(0, count).boxed().toList();
    return new PacedRequests<>(
        pieces.iterator(), answered::get, () -> failed.getAndSet(false), patience);
  }

  private CompletableFuture<Void> sendAll(PacedRequests<Integer> requests) {
    return CompletableFuture.runAsync(
        () -> {
          while (requests.hasNext()) {
            assertThat(requests.next()).isEqualTo(sent.getAndIncrement());
          }
        });
  }

  @Test
  void allAreHandedOutInOrderAndAnAnswerOpensNoMoreThanAWindow() {
    CompletableFuture<Void> sending = sendAll(requests(50, Duration.ofSeconds(30)));
    for (int answers = 0; !sending.isDone(); answers++) {
      int known = answers;
      Conditions.await(
          () -> "more than " + sent.get() + " after " + known + " answers",
          () -> sending.isDone() || sent.get() >= Math.min(50, known + PacedRequests.WINDOW));
      assertThat(sent.get()).isLessThanOrEqualTo(PacedRequests.WINDOW * (answers + 1));
      answered.set(Timestamp.currentTime());
    }
    sending.join();
    assertThat(sent).hasValue(50);
  }

  @Test
  void aFailureEndsTheWaitingAtOnce() {
    CompletableFuture<Void> sending = sendAll(requests(50, Duration.ofMinutes(10)));
    Conditions.await("the window to be full", () -> sent.get() == PacedRequests.WINDOW);

    failed.set(true);

    assertThatThrownBy(() -> sending.get(30, TimeUnit.SECONDS))
        .hasCauseInstanceOf(IllegalStateException.class)
        .hasMessageContaining("failed");
    assertThat(sent).hasValue(PacedRequests.WINDOW);
  }

  @Test
  void aFollowerThatDoesNotAnswerIsGivenUp() {
    CompletableFuture<Void> sending = sendAll(requests(50, Duration.ofMillis(50)));

    assertThatThrownBy(() -> sending.get(30, TimeUnit.SECONDS))
        .hasCauseInstanceOf(IllegalStateException.class)
        .hasMessageContaining("not answered");
  }
}
