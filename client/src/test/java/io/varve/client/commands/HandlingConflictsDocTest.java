package io.varve.client.commands;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.AppendResult.FailedCondition;
import io.varve.client.NewEvent;
import io.varve.client.RetryPolicy;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The snippets of {@code docs/handling-conflicts.md}. */
class HandlingConflictsDocTest extends DocTest {

  @Override
  String page() {
    return "handling-conflicts";
  }

  @EventType
  record SeatReserved(int seat) {}

  @Command(sourceConcurrency = true)
  record ReserveSeat(EventSourceId show, int seat, Runnable meanwhile) {
    SeatReserved handle() {
      meanwhile.run();
      return new SeatReserved(seat);
    }
  }

  private void somebodyElse(EventSourceId show) {
    client.append(NewEvent.builder(show.value(), "SeatReserved").data("{\"seat\":1}").build());
  }

  @Test
  void looksAtTheConflict() {
    EventSourceId show = id("show");
    ReserveSeat command = new ReserveSeat(show, 1, () -> somebodyElse(show));
    // snippet: look
    CommandResult result = commands.execute(command);

    if (result instanceof CommandResult.ConcurrencyViolation violation) {
      for (FailedCondition failed : violation.failed()) {
        failed
            .newest()
            .ifPresent(
                event -> print(event.type() + " landed at " + event.position() + " meanwhile"));
      }
    }
    // end
    assertThat(printed.get(0)).startsWith("SeatReserved landed at");
  }

  @Test
  void decidesAgain() {
    EventSourceId show = id("show");
    AtomicInteger times = new AtomicInteger();
    ReserveSeat command =
        new ReserveSeat(
            show,
            2,
            () -> {
              if (times.getAndIncrement() == 0) {
                somebodyElse(show);
              }
            });
    // snippet: retry
    Commands retrying = commands.withRetry(RetryPolicy.defaults().withMaxAttempts(5));

    CommandResult result = retrying.execute(command);
    // end
    assertThat(result).isInstanceOf(CommandResult.Appended.class);
    assertThat(times).hasValue(2);
  }
}
