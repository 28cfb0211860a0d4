package io.varve.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Runs of local-first events: each number lands once and in order, whatever is lost on the way. */
class OriginTest extends ScriptedClusterTest {

  private static AppendRequest run(long first, int events) {
    AppendRequest.Builder request =
        AppendRequest.builder().origin(Origin.of("client", "buffer", first));
    for (long number = first; number < first + events; number++) {
      request.event(event("s", "number " + number));
    }
    return request.build();
  }

  private static List<String> numbers(int upTo) {
    List<String> numbers = new ArrayList<>();
    for (int number = 1; number <= upTo; number++) {
      numbers.add("number " + number);
    }
    return numbers;
  }

  @Test
  void sendsARunAndTellsWhereItsNumbersLanded() {
    FakeNode node = leader("n1");
    VarveClient client = client(node);

    AppendResult.Appended first = client.append(run(1, 2)).orThrow();
    AppendResult.Appended overlapping = client.append(run(2, 2)).orThrow();
    AppendResult.Appended again = client.append(run(1, 3)).orThrow();

    assertThat(first.originPositions()).containsExactly(1L, 2L);
    assertThat(overlapping.originPositions()).containsExactly(2L, 3L);
    assertThat(overlapping.firstPosition()).isEqualTo(3);
    assertThat(again.replayed()).isTrue();
    assertThat(again.originPositions()).containsExactly(1L, 2L, 3L);
    assertThat(payloads()).isEqualTo(numbers(3));
    assertThat(node.received).allMatch(request -> !request.getAppend().hasAppendId());
  }

  @Test
  void voidsTakeNumbersWithoutEvents() {
    VarveClient client = client(leader("n1"));
    AppendResult.Appended landed =
        client
            .append(
                AppendRequest.builder()
                    .origin(new Origin("client", "buffer", 1, List.of(1L, 3L)))
                    .event(event("s", "number 2"))
                    .build())
            .orThrow();
    assertThat(landed.originPositions()).containsExactly(0L, 1L, 0L);
    assertThat(client.originProgress("client", "buffer").nextSequence()).isEqualTo(4);
    assertThat(client.originProgress("client", "another").lastSequence()).isZero();
  }

  @Test
  void aRunWhoseAnswerIsLostIsSentAgain() {
    FakeNode node = leader("n1");
    node.script =
        (n, request) -> n == 1 ? FakeNode.Reaction.APPLY_AND_CUT : FakeNode.Reaction.ANSWER;
    VarveClient client = client(node);
    List<CompletableFuture<AppendResult>> futures = new ArrayList<>();
    for (int first = 1; first <= 20; first += 2) {
      futures.add(client.appendAsync(run(first, 2)));
    }
    for (int i = 0; i < futures.size(); i++) {
      assertThat(appended(futures.get(i)).originPositions())
          .containsExactly(2L * i + 1, 2L * i + 2);
    }
    assertThat(payloads()).isEqualTo(numbers(20));
  }

  @Test
  void runsBehindOneThatWasTurnedAwayKeepTheirOrder() {
    FakeNode node = leader("n1");
    node.script = (n, request) -> n == 2 ? FakeNode.Reaction.OVERLOADED : FakeNode.Reaction.ANSWER;
    VarveClient client = client(node);
    // Handed in at once, so that those behind the third are on their way when it is turned away.
    List<CompletableFuture<AppendResult>> futures = new ArrayList<>();
    for (int first = 1; first <= 20; first++) {
      futures.add(client.appendAsync(run(first, 1)));
    }
    futures.forEach(future -> assertThat(appended(future).originPositions()).hasSize(1));
    assertThat(payloads()).isEqualTo(numbers(20));
  }

  @Test
  void gapsAndDivergenceAreErrorsOfTheirOwn() {
    VarveClient client = client(leader("n1"));
    client.append(run(1, 2));
    assertThatThrownBy(() -> client.append(run(7, 1)))
        .isInstanceOfSatisfying(
            SequenceGapException.class, gap -> assertThat(gap.expectedSequence()).isEqualTo(3));
    AppendRequest other =
        AppendRequest.builder()
            .origin(Origin.of("client", "buffer", 2))
            .event(event("s", "another"))
            .build();
    assertThatThrownBy(() -> client.append(other))
        .isInstanceOfSatisfying(
            OriginDivergedException.class,
            diverged -> assertThat(diverged.field()).isEqualTo("append.events[0]"));
    assertThat(payloads()).isEqualTo(numbers(2));
  }

  @Test
  void mistakesAreFoundBeforeAnythingIsSent() {
    assertThatThrownBy(() -> Origin.of("", "b", 1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Origin.of("c", "", 1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Origin.of("c", "b", 0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Origin("c", "b", 2, List.of(1L)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Origin("c", "b", 2, List.of(3L, 3L)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(
            () ->
                AppendRequest.builder()
                    .origin(Origin.of("c", "b", 1))
                    .event(event("s", ""))
                    .expectVersion("s", 0)
                    .build())
        .isInstanceOf(IllegalArgumentException.class);
  }
}
