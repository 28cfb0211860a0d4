package io.varve.faults;

import io.varve.client.commands.Command;
import io.varve.client.commands.Decision;
import io.varve.client.commands.EventForEventSourceId;
import io.varve.client.commands.EventSourceId;
import io.varve.client.commands.EventType;
import io.varve.client.commands.Key;
import io.varve.client.commands.Rejection;
import io.varve.client.serialization.DecodedEvent;
import io.varve.client.serialization.EventCodec;
import io.varve.client.serialization.EventTypes;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** Accounts, and money that goes from one to another: the example in which nothing may get lost. */
final class Bank {

  static final EventCodec CODEC =
      EventCodec.json(EventTypes.of(AccountOpened.class, MoneySent.class, MoneyReceived.class));

  /** How often a transfer was decided: more often than executed, if writers contended. */
  static final AtomicLong DECISIONS = new AtomicLong();

  private Bank() {}

  @EventType("AccountOpened")
  record AccountOpened(long amount) {}

  /**
   * Money left an account.
   *
   * @param transfer which transfer's it is
   */
  @EventType("MoneySent")
  record MoneySent(String transfer, String to, long amount) {}

  /**
   * Money arrived at an account.
   *
   * @param transfer which transfer's it is
   */
  @EventType("MoneyReceived")
  record MoneyReceived(String transfer, String from, long amount) {}

  /** Opens an account with some money. */
  @Command
  record OpenAccount(EventSourceId account, long amount) {
    Object handle(Decision decision) {
      return decision.exists(account)
          ? Rejection.because(account.value() + " exists")
          : new AccountOpened(amount);
    }
  }

  /** Moves money, if there is enough; checked against the version of the account that it leaves. */
  @Command
  record Transfer(String id, @Key EventSourceId from, EventSourceId to, long amount) {
    Object handle(Decision decision) {
      DECISIONS.incrementAndGet();
      long balance = decision.fold(from, 0L, (sum, event) -> sum + change(event));
      if (balance < amount) {
        return Rejection.because(from.value() + " has " + balance);
      }
      return List.of(
          EventForEventSourceId.of(from, new MoneySent(id, to.value(), amount)),
          EventForEventSourceId.of(to, new MoneyReceived(id, from.value(), amount)));
    }
  }

  /** What an event adds to its account. */
  static long change(DecodedEvent event) {
    if (!(event instanceof DecodedEvent.Known known)) {
      throw new AssertionError("no event of a bank: " + event.event());
    }
    if (known.value() instanceof AccountOpened opened) {
      return opened.amount();
    }
    if (known.value() instanceof MoneySent sent) {
      return -sent.amount();
    }
    return ((MoneyReceived) known.value()).amount();
  }
}
