package io.varve.faults;

import io.varve.client.Event;
import io.varve.client.serialization.DecodedEvent;
import io.varve.faults.Bank.AccountOpened;
import io.varve.faults.Bank.MoneyReceived;
import io.varve.faults.Bank.MoneySent;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Folds a log's bank, position by position, and says what is wrong at any of them. */
final class BankChecker {

  private final List<String> wrong = new ArrayList<>();
  private final Map<String, Long> balances = new HashMap<>();
  private final Map<String, Integer> events = new HashMap<>();
  private final Set<String> transfers = new HashSet<>();
  private long opened;
  private long sum;
  private long inTransit;
  private long sentAt;
  private String sent = "";

  /** The next event of the bank. */
  void add(Event event) {
    long position = event.position();
    DecodedEvent decoded = Bank.CODEC.decode(event);
    long change = Bank.change(decoded);
    long balance = balances.merge(event.source(), change, Long::sum);
    events.merge(event.source(), 1, Integer::sum);
    sum += change;
    if (balance < 0) {
      wrong.add(event.source() + " has " + balance + " at " + position);
    }
    if (inTransit != 0 && position != sentAt + 1) {
      wrong.add(inTransit + " of " + sent + " did not arrive right after " + sentAt);
      inTransit = 0;
    }
    if (decoded.as(AccountOpened.class).isPresent()) {
      opened += change;
    }
    decoded
        .as(MoneySent.class)
        .ifPresent(
            money -> {
              inTransit = money.amount();
              sentAt = position;
              sent = money.transfer() + " to " + money.to();
              if (!transfers.add(money.transfer())) {
                wrong.add("transfer " + money.transfer() + " landed twice, again at " + position);
              }
            });
    decoded
        .as(MoneyReceived.class)
        .ifPresent(
            money -> {
              if (!sent.equals(money.transfer() + " to " + event.source())) {
                wrong.add(money + " at " + position + " was not sent");
              }
              if (money.amount() != inTransit) {
                wrong.add(money.amount() + " of " + inTransit + " arrived at " + position);
              }
              inTransit = 0;
            });
    if (sum + inTransit != opened) {
      wrong.add("at " + position + " there is " + (sum + inTransit) + " of " + opened);
    }
  }

  /** What was wrong, up to the end of the log. */
  List<String> wrong() {
    if (inTransit != 0) {
      wrong.add(inTransit + " of " + sent + " never arrived");
    }
    return wrong;
  }

  Map<String, Long> balances() {
    return balances;
  }

  /** How many events each account had. */
  Map<String, Integer> events() {
    return events;
  }

  /** The transfers that landed. */
  Set<String> transfers() {
    return transfers;
  }
}
