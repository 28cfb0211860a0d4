package io.varve.testkit.docs;

import static org.assertj.core.api.Assertions.assertThat;

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

/** The snippets of {@code docs/from-kurrentdb.md}. */
@VarveTest(freshLogPerTest = true)
class FromKurrentDbDocTest {

  private final List<String> printed = new ArrayList<>();

  private void print(Object what) {
    printed.add(String.valueOf(what));
  }

  @Test
  void thePageShowsExactlyTheseSnippets() throws IOException {
    SnippetPage.assertShows(
        Path.of("../../docs/from-kurrentdb.md"),
        Path.of("src/test/java/io/varve/testkit/docs/FromKurrentDbDocTest.java"));
  }

  @Test
  void appendsWithAnExpectedVersion(VarveClient client) {
    // snippet: expected-version
    NewEvent opened = NewEvent.builder("account-17", "AccountOpened").sourceType("account").build();
    AppendResult result = client.append(opened, ExpectedVersion.notExists("account-17"));

    if (result instanceof AppendResult.Conflict conflict) {
      print(conflict.failed()); // each condition that failed: expected, found, the newest event
    }
    // end
    assertThat(printed).isEmpty();
    assertThat(client.append(opened, ExpectedVersion.notExists("account-17")))
        .isInstanceOf(AppendResult.Conflict.class);
  }

  @Test
  void readsASource(VarveClient client) {
    client.append(NewEvent.builder("account-17", "AccountOpened").build()).orThrow();
    client.append(NewEvent.builder("account-17", "MoneyDeposited").build()).orThrow();
    // snippet: read
    try (EventStream events = client.read(ReadOptions.ofSource("account-17"))) {
      events.forEach(event -> print(event.version() + " " + event.type()));
    }
    // end
    assertThat(printed).containsExactly("1 AccountOpened", "2 MoneyDeposited");
  }

  @Test
  void followsACategory(VarveClient client) {
    client.append(NewEvent.builder("account-17", "AccountOpened").sourceType("account").build());
    client.append(NewEvent.builder("customer-4", "CustomerMoved").sourceType("customer").build());
    long checkpoint = 0;
    // snippet: category
    SubscribeOptions accounts =
        SubscribeOptions.builder()
            .filter(Filter.sourceType("account")) // as $ce-account
            .afterPosition(checkpoint)
            .build();
    try (SubscriptionStream items = client.follow(accounts)) {
      for (SubscriptionItem item : items) {
        if (item instanceof Event event) {
          print(event.position() + " " + event.source());
        } else if (item instanceof SubscriptionItem.CaughtUp) {
          break; // what follows would be live
        }
      }
    }
    // end
    assertThat(printed).containsExactly("1 account-17");
  }

  @Test
  void appendsToSeveralSources(VarveClient client) {
    // snippet: several
    AppendRequest transfer =
        AppendRequest.builder()
            .event(NewEvent.builder("account-17", "MoneySent").tag("transfer:9").build())
            .event(NewEvent.builder("account-18", "MoneyReceived").tag("transfer:9").build())
            .scope(Filter.tags("transfer:9"), 0) // nobody has made this transfer yet
            .build();
    // end
    assertThat(client.append(transfer).orThrow().versions())
        .containsEntry("account-17", 1L)
        .containsEntry("account-18", 1L);
    assertThat(
            client.append(
                AppendRequest.builder()
                    .events(transfer.events())
                    .scope(Filter.tags("transfer:9"), 0)
                    .build()))
        .isInstanceOf(AppendResult.Conflict.class);
  }
}
