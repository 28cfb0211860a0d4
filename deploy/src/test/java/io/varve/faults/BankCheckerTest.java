package io.varve.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.Event;
import io.varve.client.NewEvent;
import io.varve.faults.Bank.AccountOpened;
import io.varve.faults.Bank.MoneyReceived;
import io.varve.faults.Bank.MoneySent;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The checker convicts each way in which a bank's log may be wrong. */
class BankCheckerTest {

  private static Event event(long position, String account, Object value) {
    NewEvent event = Bank.CODEC.encode(account, value).build();
    return new Event(
        position,
        account,
        1,
        event.type(),
        "",
        "",
        "",
        List.of(),
        "",
        false,
        event.data(),
        event.contentType(),
        event.metadata(),
        Optional.empty(),
        Instant.EPOCH,
        "",
        "",
        "",
        0);
  }

  private static List<String> wrong(Event... more) {
    BankChecker checker = new BankChecker();
    checker.add(event(1, "a", new AccountOpened(10)));
    checker.add(event(2, "b", new AccountOpened(10)));
    for (Event event : more) {
      checker.add(event);
    }
    return checker.wrong();
  }

  @Test
  void aTransferThatIsWholePasses() {
    assertThat(
            wrong(
                event(3, "a", new MoneySent("t", "b", 10)),
                event(4, "b", new MoneyReceived("t", "a", 10)),
                event(9, "b", new MoneySent("u", "a", 20)),
                event(10, "a", new MoneyReceived("u", "b", 20))))
        .isEmpty();
  }

  @Test
  void whatIsWrongIsFound() {
    assertThat(wrong(event(3, "a", new MoneySent("t", "b", 11))))
        .anyMatch(w -> w.contains("a has -1"));
    assertThat(
            wrong(
                event(3, "a", new MoneySent("t", "b", 1)),
                event(5, "b", new MoneyReceived("t", "a", 1))))
        .anyMatch(w -> w.contains("did not arrive right after 3"));
    assertThat(
            wrong(
                event(3, "a", new MoneySent("t", "b", 1)),
                event(4, "b", new MoneyReceived("t", "a", 2))))
        .anyMatch(w -> w.contains("2 of 1 arrived at 4"))
        .anyMatch(w -> w.contains("at 4 there is 21 of 20"));
    assertThat(wrong(event(3, "a", new MoneySent("t", "b", 1))))
        .containsExactly("1 of t to b never arrived");
    assertThat(wrong(event(3, "b", new MoneyReceived("t", "a", 1))))
        .anyMatch(w -> w.contains("was not sent"));
    assertThat(
            wrong(
                event(3, "a", new MoneySent("t", "b", 1)),
                event(4, "b", new MoneyReceived("t", "a", 1)),
                event(5, "a", new MoneySent("t", "b", 1)),
                event(6, "b", new MoneyReceived("t", "a", 1))))
        .containsExactly("transfer t landed twice, again at 5");
  }
}
