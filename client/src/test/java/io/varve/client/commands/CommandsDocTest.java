package io.varve.client.commands;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.Event;
import io.varve.client.VarveClient;
import io.varve.client.aggregates.Aggregate;
import io.varve.client.aggregates.Aggregates;
import io.varve.client.aggregates.UpdateResult;
import io.varve.client.serialization.DecodedEvent;
import io.varve.client.serialization.EventCodec;
import io.varve.client.serialization.EventTypes;
import java.math.BigDecimal;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The snippets of {@code docs/commands.md}. */
class CommandsDocTest extends DocTest {

  @Override
  String page() {
    return "commands";
  }

  // snippet: first
  @EventType("PaymentProcessed")
  public record PaymentProcessed(EventSourceId accountId, BigDecimal amount) {}

  @Command
  @EventStreamType(value = "Transactions", concurrency = true)
  public record ProcessPayment(EventSourceId accountId, BigDecimal amount) {
    public PaymentProcessed handle() {
      return new PaymentProcessed(accountId, amount);
    }
  }

  // end

  @Test
  void executes() {
    BigDecimal amount = new BigDecimal("9.90");
    // snippet: execute
    Commands commands = Commands.of(client);

    CommandResult result =
        commands.execute(new ProcessPayment(EventSourceId.of("account-17"), amount));

    if (result instanceof CommandResult.Appended appended) {
      print("landed at " + appended.firstPosition() + ", checked: " + appended.checks());
    } else if (result instanceof CommandResult.ConcurrencyViolation violation) {
      print("something changed meanwhile: " + violation.failed());
    } else if (result instanceof CommandResult.Rejected rejected) {
      print("decided against: " + rejected.rejection());
    }
    // end
    assertThat(printed.get(0)).startsWith("landed at").contains("streamType=Transactions");
  }

  // snippet: sources
  @EventType
  public record MoneyMoved(BigDecimal amount) {}

  @Command(sourceConcurrency = true)
  public record Transfer(EventSourceId from, EventSourceId to, BigDecimal amount) {
    public List<EventForEventSourceId> handle() {
      return List.of(
          EventForEventSourceId.of(from, new MoneyMoved(amount.negate())),
          EventForEventSourceId.of(to, new MoneyMoved(amount)));
    }
  }

  // end

  @Test
  void writesToSeveralSources() {
    CommandResult.Appended appended =
        appended(new Transfer(id("from"), id("to"), new BigDecimal("5")));
    assertThat(appended.versions()).hasSize(2);
    assertThat(appended.concurrencyChecked()).isTrue();
  }

  // snippet: rejection
  public sealed interface Outcome permits MoneyWithdrawn, NotEnoughMoney {}

  @EventType
  public record MoneyWithdrawn(BigDecimal amount) implements Outcome {}

  public record NotEnoughMoney(BigDecimal missing) implements Outcome, Rejection {}

  @Command
  public record Withdraw(EventSourceId account, BigDecimal amount) {
    public Outcome handle(Decision d) {
      BigDecimal balance = d.fold(account, BigDecimal.ZERO, Withdraw::add);
      return balance.compareTo(amount) < 0
          ? new NotEnoughMoney(amount.subtract(balance))
          : new MoneyWithdrawn(amount);
    }

    private static BigDecimal add(BigDecimal balance, DecodedEvent event) {
      return event.as(MoneyMoved.class).map(moved -> balance.add(moved.amount())).orElse(balance);
    }
  }

  // end

  @Test
  void rejects() {
    EventSourceId account = id("account");
    appended(new Transfer(id("from"), account, new BigDecimal("5")));
    // snippet: types
    EventTypes types = EventTypes.of(MoneyMoved.class, MoneyWithdrawn.class);
    Commands commands = Commands.builder(client).eventTypes(types).build();

    CommandResult result = commands.execute(new Withdraw(account, new BigDecimal("7")));
    // end
    assertThat(result)
        .isEqualTo(new CommandResult.Rejected(new NotEnoughMoney(new BigDecimal("2"))));
  }

  // snippet: inner
  @Command
  public record PayAll(List<ProcessPayment> payments, Commands commands) {
    public void handle() {
      payments.forEach(commands::execute); // all of them, or none
    }
  }

  // end

  @Test
  void joins() {
    CommandResult.Appended appended =
        appended(
            new PayAll(
                List.of(
                    new ProcessPayment(id("a"), BigDecimal.ONE),
                    new ProcessPayment(id("b"), BigDecimal.TEN)),
                commands));
    assertThat(appended.versions()).hasSize(2);
    assertThat(appended.lastPosition()).isEqualTo(appended.firstPosition() + 1);
  }

  @EventType("Moved")
  record MovedV1(String address) {}

  @EventType(value = "Moved", generation = 2)
  record Moved(String address, String country) {}

  @Test
  void upcasts() {
    EventSourceId person = id("person");
    client.append(
        EventCodec.json(EventTypes.none()).encode(person.value(), new MovedV1("Markt 1")).build());
    Event event = events(person).get(0);
    // snippet: upcast
    EventTypes types =
        EventTypes.builder()
            .upcast(
                MovedV1.class, // @EventType("Moved")
                Moved.class, // @EventType(value = "Moved", generation = 2)
                old -> new Moved(old.address(), "unknown"))
            .build();

    DecodedEvent decoded = EventCodec.json(types).decode(event);
    if (decoded instanceof DecodedEvent.Known known) {
      print(known.value());
    } else if (decoded instanceof DecodedEvent.Unknown unknown) {
      print(unknown.reason() + ": " + unknown.event().data().toUtf8()); // raw, not lost
    }
    // end
    assertThat(printed).containsExactly("Moved[address=Markt 1, country=unknown]");
  }

  @Test
  void updates() {
    String account = NODE.unique("account");
    BigDecimal amount = BigDecimal.TEN;
    VarveClient client = this.client;
    // snippet: aggregate
    Aggregates<BigDecimal> accounts =
        Aggregates.of(
            client,
            EventTypes.of(MoneyMoved.class),
            Aggregate.of(
                BigDecimal.ZERO, (balance, event) -> balance.add(((MoneyMoved) event).amount())));

    UpdateResult<BigDecimal> result =
        accounts.update(account, balance -> List.of(new MoneyMoved(amount.subtract(balance))));
    // end
    assertThat(result).isInstanceOf(UpdateResult.Updated.class);
    assertThat(accounts.load(account).state()).isEqualTo(BigDecimal.TEN);
  }
}
