package io.varve.testkit.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.AppendId;
import io.varve.client.AppendRequest;
import io.varve.client.AppendResult;
import io.varve.client.Event;
import io.varve.client.EventStream;
import io.varve.client.ExpectedVersion;
import io.varve.client.Filter;
import io.varve.client.NewEvent;
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

/** The snippets of {@code docs/from-postgresql.md}. */
@VarveTest(freshLogPerTest = true)
class FromPostgresqlDocTest {

  private final List<String> printed = new ArrayList<>();

  private void print(Object what) {
    printed.add(String.valueOf(what));
  }

  @Test
  void thePageShowsExactlyTheseSnippets() throws IOException {
    SnippetPage.assertShows(
        Path.of("../../docs/from-postgresql.md"),
        Path.of("src/test/java/io/varve/testkit/docs/FromPostgresqlDocTest.java"));
  }

  @Test
  void appendsAtAVersion(VarveClient client) {
    client.append(NewEvent.builder("account-17", "AccountOpened").build()).orThrow();
    long version = client.version("account-17");
    // snippet: unique
    // INSERT INTO events (stream, version, …): UNIQUE (stream, version) catches the slower writer
    AppendResult result =
        client.append(
            NewEvent.builder("account-17", "MoneyDeposited").data("{\"amount\": 100}").build(),
            ExpectedVersion.exactly("account-17", version));
    // end
    assertThat(result.orThrow().version("account-17")).isEqualTo(2);
  }

  @Test
  void decidesOnWhatAQueryFound(VarveClient client) {
    for (int seat = 1; seat < 50; seat++) {
      client.append(NewEvent.builder("booking-" + seat, "SeatBooked").tag("flight:9").build());
    }
    Filter seats = Filter.tags("flight:9");
    // snippet: serializable
    long position = client.head().position(); // before the query
    long booked;
    try (EventStream events = client.read(ReadOptions.matching(seats))) {
      booked = events.stream().count();
    }
    if (booked < 50) {
      AppendRequest booking =
          AppendRequest.builder()
              .event(NewEvent.builder("booking-77", "SeatBooked").tag("flight:9").build())
              .scope(seats, position) // no seat of this flight was booked meanwhile
              .build();
      print(client.append(booking) instanceof AppendResult.Appended); // else: once more
    }
    // end
    assertThat(printed).containsExactly("true");
  }

  @Test
  void repeatsARequest(VarveClient client) {
    NewEvent event = NewEvent.builder("account-17", "AccountOpened").build();
    // snippet: idempotency
    AppendId id = client.newAppendId(); // what the column idempotency_key was for
    AppendRequest request = AppendRequest.builder().event(event).appendId(id).build();
    client.append(request).orThrow();
    print(client.append(request).orThrow().replayed()); // the first answer once more
    // end
    assertThat(printed).containsExactly("true");
    assertThat(client.version("account-17")).isEqualTo(1);
  }

  @Test
  void followsFromAPosition(VarveClient client) {
    client.append(NewEvent.builder("account-17", "AccountOpened").build());
    long lastSeen = 0;
    // snippet: outbox
    try (SubscriptionStream items =
        client.follow(SubscribeOptions.builder().afterPosition(lastSeen).build())) {
      for (SubscriptionItem item : items) {
        if (item instanceof Event event) {
          print(event.position()); // 1, 2, 3 …: nothing appears later below what was seen
        } else if (item instanceof SubscriptionItem.CaughtUp) {
          break;
        }
      }
    }
    // end
    assertThat(printed).containsExactly("1");
  }
}
