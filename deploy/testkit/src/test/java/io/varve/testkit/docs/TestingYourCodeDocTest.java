package io.varve.testkit.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.Event;
import io.varve.client.EventStream;
import io.varve.client.ExpectedVersion;
import io.varve.client.NewEvent;
import io.varve.client.ReadOptions;
import io.varve.client.SnippetPage;
import io.varve.client.VarveClient;
import io.varve.client.commands.Command;
import io.varve.client.commands.Decision;
import io.varve.client.commands.EventSourceId;
import io.varve.client.commands.EventType;
import io.varve.client.commands.Rejection;
import io.varve.testkit.EmbeddedVarve;
import io.varve.testkit.Specification;
import io.varve.testkit.VarveTest;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** The snippets of {@code docs/testing-your-code.md}. */
class TestingYourCodeDocTest {

  @Test
  void thePageShowsExactlyTheseSnippets() throws IOException {
    Path example = Path.of("../../docs/examples/spring-boot");
    SnippetPage.assertShows(
        Path.of("../../docs/testing-your-code.md"),
        Path.of("src/test/java/io/varve/testkit/docs/TestingYourCodeDocTest.java"),
        example.resolve("pom.xml"),
        example.resolve("src/test/java/io/varve/example/orders/OrdersApplicationTest.java"));
  }

  // snippet: command
  record AccountId(String value) implements EventSourceId {}

  @EventType("MoneyDeposited")
  record MoneyDeposited(AccountId account, long amount) {}

  @EventType("MoneyWithdrawn")
  record MoneyWithdrawn(AccountId account, long amount) {}

  record NotEnough(long balance) implements Rejection {}

  @Command
  record Withdraw(AccountId account, long amount) {
    Object handle(Decision decision) {
      long balance =
          decision.fold(
              account,
              0L,
              (sum, event) ->
                  sum
                      + event.as(MoneyDeposited.class).map(MoneyDeposited::amount).orElse(0L)
                      - event.as(MoneyWithdrawn.class).map(MoneyWithdrawn::amount).orElse(0L));
      return balance < amount ? new NotEnough(balance) : new MoneyWithdrawn(account, amount);
    }
  }

  // end

  @Nested
  // snippet: varve-test
  @VarveTest
  class AccountsTest {
    @Test
    void anAccountIsOpenedOnce(VarveClient client) {
      NewEvent opened = NewEvent.builder("account-17", "AccountOpened").build();
      ExpectedVersion unopened = ExpectedVersion.notExists("account-17");

      client.append(opened, unopened).orThrow();

      assertThat(client.version("account-17")).isEqualTo(1);
    }
  }

  // end

  @Nested
  // snippet: specification
  @VarveTest
  class WithdrawTest {
    private final AccountId account = new AccountId("account-17");

    @Test
    void takesWhatIsThere(Specification specification) {
      specification
          .given(new MoneyDeposited(account, 100))
          .when(new Withdraw(account, 40))
          .thenEvents(new MoneyWithdrawn(account, 40));
    }

    @Test
    void refusesWhatIsNot(Specification specification) {
      specification
          .given(new MoneyDeposited(account, 100), new MoneyWithdrawn(account, 90))
          .when(new Withdraw(account, 40))
          .thenRejected(new NotEnough(10));
    }

    @Test
    void isRefusedWhenAnotherWithdrawalSlipsIn(Specification specification) {
      specification
          .given(new MoneyDeposited(account, 100))
          .meanwhile(new MoneyWithdrawn(account, 90)) // decided, but not yet appended
          .when(new Withdraw(account, 40))
          .thenViolation();
    }
  }

  // end

  @Test
  void isThereWithoutJUnit() {
    // snippet: embedded
    try (EmbeddedVarve varve = EmbeddedVarve.start()) {
      VarveClient client = varve.client(); // or give varve.target() to what you test
      client.append(NewEvent.builder("account-17", "AccountOpened").build()).orThrow();

      varve.restart(); // what was acknowledged is still there

      try (EventStream events = client.read(ReadOptions.ofSource("account-17"))) {
        assertThat(events.stream().map(Event::type)).containsExactly("AccountOpened");
      }
    }
    // end
  }
}
