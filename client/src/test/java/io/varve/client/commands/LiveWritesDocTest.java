package io.varve.client.commands;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.AppendResult;
import io.varve.client.Event;
import io.varve.client.EventStream;
import io.varve.client.ExpectedVersion;
import io.varve.client.NewEvent;
import io.varve.client.ReadConsistency;
import io.varve.client.ReadOptions;
import org.junit.jupiter.api.Test;

/** The snippets of {@code docs/live-writes.md}. */
class LiveWritesDocTest extends DocTest {

  @Override
  String page() {
    return "live-writes";
  }

  // snippet: command
  @EventType
  record SeatReserved(int seat) {}

  @Command(sourceConcurrency = true)
  record ReserveSeat(EventSourceId show, int seat) {
    SeatReserved handle() {
      return new SeatReserved(seat);
    }
  }

  // end

  @Test
  void writesAndReadsItBackAnywhere() {
    EventSourceId show = id("show");
    // snippet: execute
    CommandResult result = Commands.of(client).execute(new ReserveSeat(show, 17));

    if (result instanceof CommandResult.Appended appended) {
      ReadOptions mine =
          ReadOptions.builder()
              .source(show.value())
              .consistency(ReadConsistency.atLeast(appended.lastPosition())) // on any node
              .build();
      try (EventStream events = client.read(mine)) {
        for (Event event : events) {
          print(event.version() + " " + event.data().toUtf8());
        }
      }
    }
    // end
    assertThat(printed).containsExactly("1 {\"seat\":17}");
  }

  @Test
  void appendsByHand() {
    String show = NODE.unique("show");
    // snippet: append
    AppendResult result =
        client.append(
            NewEvent.builder(show, "SeatReserved").data("{\"seat\": 17}").build(),
            ExpectedVersion.notExists(show));
    // end
    assertThat(result).isInstanceOf(AppendResult.Appended.class);
  }
}
