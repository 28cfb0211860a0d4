package io.varve.client.commands;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.AppendId;
import io.varve.client.OutcomeUnknownException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The snippets of {@code docs/idempotent-retries.md}. */
class IdempotentRetriesDocTest extends DocTest {

  @Override
  String page() {
    return "idempotent-retries";
  }

  @EventType
  record OrderPlaced(int quantity) {}

  @Command
  record PlaceOrder(EventSourceId order, AtomicInteger handled) {
    OrderPlaced handle() {
      return new OrderPlaced(handled.incrementAndGet());
    }
  }

  private record Message(String id, PlaceOrder command) {}

  @Test
  void aMessageThatIsDeliveredTwiceLandsOnce() {
    Map<String, AppendId> inbox = new HashMap<>();
    EventSourceId order = id("order");
    AtomicInteger handled = new AtomicInteger();
    Message message = new Message("m-1", new PlaceOrder(order, handled));
    for (int delivery = 0; delivery < 2; delivery++) {
      // snippet: inbox
      // Stored, durably, before the first attempt; found again at every redelivery.
      AppendId id = inbox.computeIfAbsent(message.id(), first -> client.newAppendId());

      CommandResult result = commands.execute(message.command(), id);
      // end
      assertThat(((CommandResult.Appended) result).replayed()).isEqualTo(delivery == 1);
    }
    assertThat(client.version(order.value())).isEqualTo(1);
    assertThat(handled).hasValue(1);
  }

  @Test
  void anUnknownOutcomeIsCleared() {
    EventSourceId order = id("order");
    PlaceOrder command = new PlaceOrder(order, new AtomicInteger());
    // snippet: unknown
    CommandResult result;
    try {
      result = commands.execute(command);
    } catch (OutcomeUnknownException unknown) {
      // It may have landed. With the same append id it lands once, whatever happened before.
      result = commands.execute(command, unknown.appendId().orElseThrow());
    }
    // end
    assertThat(result).isInstanceOf(CommandResult.Appended.class);
  }
}
