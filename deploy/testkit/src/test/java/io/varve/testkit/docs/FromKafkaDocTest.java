package io.varve.testkit.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.AppendRequest;
import io.varve.client.AppendResult;
import io.varve.client.Event;
import io.varve.client.EventStream;
import io.varve.client.ExpectedVersion;
import io.varve.client.Filter;
import io.varve.client.NewEvent;
import io.varve.client.Paged;
import io.varve.client.ReadOptions;
import io.varve.client.SnippetPage;
import io.varve.client.SubscribeOptions;
import io.varve.client.SubscriptionItem;
import io.varve.client.SubscriptionStream;
import io.varve.client.VarveClient;
import io.varve.testkit.VarveTest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The snippets of {@code docs/from-kafka.md}. */
@VarveTest(freshLogPerTest = true)
class FromKafkaDocTest {

  private final List<String> printed = new ArrayList<>();

  private void print(Object what) {
    printed.add(String.valueOf(what));
  }

  @Test
  void thePageShowsExactlyTheseSnippets() throws IOException {
    SnippetPage.assertShows(
        Path.of("../../docs/from-kafka.md"),
        Path.of("src/test/java/io/varve/testkit/docs/FromKafkaDocTest.java"));
  }

  @Test
  void produces(VarveClient client) {
    // snippet: produce
    AppendResult.Appended appended =
        client
            .append(
                NewEvent.builder("order-42", "OrderPlaced") // the record's key, and a type
                    .sourceType("Order")
                    .data("{\"total\": 120}")
                    .build())
            .orThrow();
    print(appended.lastPosition()); // on the disks of a majority
    // end
    assertThat(printed).containsExactly("1");
  }

  @Test
  void consumes(VarveClient client) {
    client.append(NewEvent.builder("order-42", "OrderPlaced").build());
    client.append(NewEvent.builder("order-42", "OrderShipped").build());
    long committed = 1;
    // snippet: consume
    SubscribeOptions shipped =
        SubscribeOptions.builder()
            .filter(Filter.types("OrderShipped"))
            .afterPosition(committed) // the offset that you stored with what you made of it
            .build();
    try (SubscriptionStream items = client.follow(shipped)) {
      for (SubscriptionItem item : items) {
        if (item instanceof Event event) {
          print(event.position() + " " + event.source());
        } else if (item instanceof SubscriptionItem.CaughtUp) {
          break; // what follows would be live
        }
      }
    }
    // end
    assertThat(printed).containsExactly("2 order-42");
  }

  @Test
  void readsTheLatestPerKey(VarveClient client) {
    // snippet: compacted
    client.append(NewEvent.builder("prices", "PriceSet").key("apple").data("3").build());
    client.append(NewEvent.builder("prices", "PriceSet").key("apple").data("4").build());
    client.append(NewEvent.builder("prices", "PriceGone").key("pear").tombstone(true).build());

    try (Paged<Event> latest = client.readLatest("prices")) {
      latest.forEach(event -> print(event.key() + " " + event.data().toUtf8()));
    }
    // end
    assertThat(printed).containsExactly("apple 4");
  }

  @Test
  void decides(VarveClient client) {
    client.append(NewEvent.builder("order-42", "OrderPlaced").build());
    // snippet: decide
    long version;
    boolean cancelled = false;
    try (EventStream events = client.read(ReadOptions.ofSource("order-42"))) {
      version = 0;
      for (Event event : events) {
        cancelled |= event.type().equals("OrderCancelled");
        version = event.version();
      }
    }
    if (!cancelled) {
      AppendRequest ship =
          AppendRequest.builder()
              .event(NewEvent.builder("order-42", "OrderShipped").build())
              .condition(ExpectedVersion.exactly("order-42", version)) // decided on all there is
              .build();
      print(client.append(ship) instanceof AppendResult.Appended);
    }
    // end
    assertThat(printed).containsExactly("true");
  }
}
