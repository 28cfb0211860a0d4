package io.varve.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** The shortest way through every call. */
class SmokeTest {

  @Test
  void appendsReadsAndFollows() {
    FakeLog log = new FakeLog("one");
    try (FakeNode node = new FakeNode("n1", log)) {
      node.leader = node::address;
      try (VarveClient client = VarveClient.builder().target(node.address()).build()) {
        AppendResult.Appended first =
            client
                .append(
                    NewEvent.builder("s", "T").data("one").build(), ExpectedVersion.exactly("s", 0))
                .orThrow();
        assertThat(first.firstPosition()).isEqualTo(1);
        assertThat(first.version("s")).isEqualTo(1);
        assertThat(
                client.append(NewEvent.builder("s", "T").build(), ExpectedVersion.notExists("s")))
            .isInstanceOf(AppendResult.Conflict.class);
        List<CompletableFuture<AppendResult>> futures = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
          futures.add(client.appendAsync(NewEvent.builder("s", "T").data("n" + i).build()));
        }
        for (int i = 0; i < 100; i++) {
          assertThat(futures.get(i).join().orThrow().version("s")).isEqualTo(i + 2);
        }
        assertThat(client.head().position()).isEqualTo(101);
        assertThat(client.version("s")).isEqualTo(101);
        try (EventStream events = client.read(ReadOptions.ofSource("s"))) {
          assertThat(events.stream().map(Event::version).toList()).hasSize(101).isSorted();
        }
        List<Long> positions = new ArrayList<>();
        try (SubscriptionStream items = client.follow(SubscribeOptions.wholeLog())) {
          for (SubscriptionItem item : items) {
            if (item instanceof Event event) {
              positions.add(event.position());
            } else if (item instanceof SubscriptionItem.CaughtUp caughtUp) {
              assertThat(caughtUp.position()).isEqualTo(101);
              break;
            }
          }
        }
        assertThat(positions).hasSize(101);
        assertThat(client.describe().nodeId()).isEqualTo("n1");
      }
    }
  }
}
