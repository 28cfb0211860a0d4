package io.varve.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.client.Event;
import io.varve.client.NewEvent;
import io.varve.client.commands.Command;
import io.varve.client.commands.CommandDeclarationException;
import io.varve.client.commands.CommandResult;
import io.varve.client.commands.Decision;
import io.varve.client.commands.EventForEventSourceId;
import io.varve.client.commands.EventSourceId;
import io.varve.client.commands.EventStreamType;
import io.varve.client.commands.EventType;
import io.varve.client.commands.Rejection;
import io.varve.client.serialization.EventCodec;
import io.varve.client.serialization.EventTypes;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.opentest4j.AssertionFailedError;

@VarveTest
class SpecificationTest {

  record AccountId(String value) implements EventSourceId {}

  private static final AccountId ACCOUNT = new AccountId("account-17");
  private static final AccountId OTHER = new AccountId("account-18");

  @EventType("Deposited")
  record Deposited(AccountId account, long amount) {}

  @EventType("Withdrawn")
  record Withdrawn(AccountId account, long amount) {}

  @EventType("Transferred")
  record Transferred(AccountId from, AccountId to, long amount) {}

  record NotEnough(long balance) implements Rejection {}

  record Frozen() implements Rejection {}

  /** Checks nothing. */
  @Command
  record Deposit(AccountId account, long amount) {
    Optional<Deposited> handle() {
      if (amount < 0) {
        throw new IllegalArgumentException("negative");
      }
      return amount == 0 ? Optional.empty() : Optional.of(new Deposited(account, amount));
    }
  }

  /** Checks what it reads. */
  @Command
  record Withdraw(AccountId account, long amount) {
    Object handle(Decision decision) {
      long balance =
          decision.fold(
              account,
              0L,
              (sum, event) ->
                  sum
                      + event.as(Deposited.class).map(Deposited::amount).orElse(0L)
                      - event.as(Withdrawn.class).map(Withdrawn::amount).orElse(0L));
      return balance < amount ? new NotEnough(balance) : new Withdrawn(account, amount);
    }
  }

  /** Checks a scope. */
  @Command
  @EventStreamType(value = "Payments", concurrency = true)
  record Pay(AccountId account, long amount) {
    Withdrawn handle() {
      return new Withdrawn(account, amount);
    }
  }

  /** Several sources. */
  @Command
  record Split(AccountId one, AccountId other, long amount) {
    List<EventForEventSourceId> handle() {
      return List.of(
          EventForEventSourceId.of(one, new Deposited(one, amount)),
          EventForEventSourceId.of(other, new Deposited(other, amount)));
    }
  }

  @Test
  void theEventsThatLandedAreThoseExpected(Specification specification) {
    List<Event> landed =
        specification
            .given(new Deposited(ACCOUNT, 100), new Withdrawn(ACCOUNT, 30))
            .when(new Withdraw(ACCOUNT, 70))
            .thenEvents(new Withdrawn(ACCOUNT, 70));

    assertThat(landed).extracting(Event::version).containsExactly(3L);
  }

  @Test
  void otherEventsAreAFailureThatShowsBoth(Specification specification) {
    Outcome outcome =
        specification.given(new Deposited(ACCOUNT, 100)).when(new Withdraw(ACCOUNT, 70));

    assertThatExceptionOfType(AssertionFailedError.class)
        .isThrownBy(() -> outcome.thenEvents(new Withdrawn(ACCOUNT, 71)))
        .withMessageContaining("amount=71")
        .withMessageContaining("amount=70")
        .satisfies(error -> assertThat(error.isExpectedDefined()).isTrue());
    assertThatThrownBy(outcome::thenEvents).isInstanceOf(AssertionError.class);
    assertThatThrownBy(
            () -> outcome.thenEvents(new Withdrawn(ACCOUNT, 70), new Withdrawn(ACCOUNT, 70)))
        .isInstanceOf(AssertionError.class);
    assertThatThrownBy(outcome::thenNothing).isInstanceOf(AssertionError.class);
    assertThatThrownBy(outcome::thenViolation)
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("expected a concurrency violation, but got: Appended");
    assertThatThrownBy(outcome::thenRejected).isInstanceOf(AssertionError.class);
    assertThatThrownBy(() -> outcome.thenFails(RuntimeException.class))
        .isInstanceOf(AssertionError.class);
  }

  @Test
  void anEventOfAClassTheExampleDoesNotKnowIsShownRaw(Specification specification) {
    Outcome outcome = specification.given(new Deposited(ACCOUNT, 5)).when(new Withdraw(ACCOUNT, 5));

    assertThatThrownBy(() -> outcome.thenEvents(new Deposited(ACCOUNT, 5)))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("these landed: [Withdrawn {")
        .hasMessageContaining("\"amount\":5");
  }

  @Test
  void sourcesAreComparedWhereTheyAreNamed(Specification specification) {
    Outcome outcome = specification.given().when(new Split(ACCOUNT, OTHER, 5));

    outcome.thenEvents(
        EventForEventSourceId.of(ACCOUNT, new Deposited(ACCOUNT, 5)),
        EventForEventSourceId.of(OTHER, new Deposited(OTHER, 5)));
    assertThatThrownBy(
            () ->
                outcome.thenEvents(
                    EventForEventSourceId.of(OTHER, new Deposited(ACCOUNT, 5)),
                    new Deposited(OTHER, 5)))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("of account-17")
        .hasMessageContaining("of account-18");
  }

  @Test
  void aCommandMayAppendNothing(Specification specification) {
    specification.given().when(new Deposit(ACCOUNT, 0)).thenNothing();
  }

  @Test
  void aRejectionIsComparedOrLookedAt(Specification specification) {
    Outcome outcome =
        specification.given(new Deposited(ACCOUNT, 10)).when(new Withdraw(ACCOUNT, 11));

    outcome.thenRejected(new NotEnough(10));
    assertThat(outcome.thenRejected(NotEnough.class).balance()).isEqualTo(10);
    assertThat(outcome.thenRejected()).isEqualTo(new NotEnough(10));
    assertThatThrownBy(() -> outcome.thenRejected(new NotEnough(9)))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("balance=9")
        .hasMessageContaining("balance=10");
    assertThatThrownBy(() -> outcome.thenRejected(Frozen.class))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("Frozen")
        .hasMessageContaining("NotEnough");
    assertThatThrownBy(() -> outcome.thenEvents(new Withdrawn(ACCOUNT, 11)))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("but got: Rejected");
  }

  @Test
  void anExceptionIsAnOutcomeToo(Specification specification) {
    Outcome outcome = specification.given().when(new Deposit(ACCOUNT, -1));

    assertThat(outcome.thenFails(IllegalArgumentException.class)).hasMessage("negative");
    assertThatThrownBy(() -> outcome.thenEvents(new Deposited(ACCOUNT, -1)))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("negative")
        .hasRootCauseInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(outcome::result).isInstanceOf(AssertionError.class);
    specification.given().when("no command").thenFails(CommandDeclarationException.class);
  }

  @Test
  void whatHappensMeanwhileIsSeenByWhatTheCommandChecks(Specification specification) {
    CommandResult.ConcurrencyViolation violation =
        specification
            .given(new Deposited(ACCOUNT, 100))
            .meanwhile(new Withdrawn(ACCOUNT, 90))
            .when(new Withdraw(ACCOUNT, 70))
            .thenViolation();

    assertThat(violation.failed())
        .singleElement()
        .satisfies(failed -> assertThat(failed.foundVersion()).isEqualTo(2));
  }

  @Test
  void whatTheCommandDoesNotCheckDoesNotStopIt(Specification specification) {
    specification
        .given()
        .meanwhile(new Deposited(ACCOUNT, 1))
        .when(new Deposit(ACCOUNT, 2))
        .thenEvents(new Deposited(ACCOUNT, 2));
  }

  @Test
  void commandsThatAreGivenCarryTheirLabels(Specification specification) {
    specification
        .given(new Pay(OTHER, 1))
        .meanwhile(new Pay(OTHER, 2))
        .when(new Pay(ACCOUNT, 3))
        .thenViolation();
  }

  @Test
  void eventsThatAreGivenCarryNone(Specification specification) {
    specification
        .given()
        .meanwhile(new Withdrawn(OTHER, 2))
        .when(new Pay(ACCOUNT, 3))
        .thenEvents(new Withdrawn(ACCOUNT, 3));
  }

  @Test
  void eventsOfTheClientAreTakenAsTheyAre(Specification specification) {
    NewEvent payment = NewEvent.builder("s", "Imported").streamType("Payments").build();
    specification.given(payment).meanwhile(payment).when(new Pay(ACCOUNT, 3)).thenViolation();
  }

  @Test
  void meanwhileNeedsAnAppendToHappenBefore(Specification specification) {
    assertThatThrownBy(
            () ->
                specification
                    .given()
                    .meanwhile(new Deposited(ACCOUNT, 1))
                    .when(new Withdraw(ACCOUNT, 5)))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("nothing could happen meanwhile")
        .hasMessageContaining("NotEnough");
  }

  @Test
  void whatCannotHappenIsAFailureOfTheExample(Specification specification) {
    assertThatThrownBy(
            () -> specification.given(new Withdraw(ACCOUNT, 5)).when(new Pay(ACCOUNT, 1)))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("given: the command Withdraw")
        .hasMessageContaining("did not append")
        .hasMessageContaining("NotEnough");
    assertThatThrownBy(
            () ->
                specification
                    .given()
                    .meanwhile(new Transferred(ACCOUNT, OTHER, 5))
                    .when(new Pay(ACCOUNT, 1)))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("meanwhile: ")
        .hasMessageContaining("Transferred has 2 components of type EventSourceId")
        .hasMessageContaining("EventForEventSourceId.of(id, event)");
  }

  @Command
  record Declared(AccountId account, boolean many) {
    Optional<List<? extends Result>> handle() {
      return Optional.of(
          many ? List.of(new Begun(account), new Ended(account)) : List.of(new Begun(account)));
    }
  }

  sealed interface Result {}

  @EventType("Begun")
  record Begun(AccountId account) implements Result {}

  @EventType("Ended")
  record Ended(AccountId account) implements Result {}

  record NoEvent() implements Result, Rejection {}

  @Test
  void classesAreKnownFromWhatACommandDeclaresToReturn(Specification specification) {
    Outcome outcome = specification.given().when(new Declared(ACCOUNT, true));

    assertThatThrownBy(outcome::thenNothing)
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("Begun[account=")
        .hasMessageContaining("Ended[account=");
  }

  @Test
  void theApplicationsOwnCodecIsUsed(Specification specification) {
    EventTypes types =
        EventTypes.builder()
            .add(Deposited.class, "HereDeposited", 1)
            .add(Withdrawn.class, "HereWithdrawn", 1)
            .build();
    List<Event> landed =
        specification
            .codec(EventCodec.json(types))
            .given(new Deposited(ACCOUNT, 100))
            .when(new Withdraw(ACCOUNT, 70))
            .thenEvents(new Withdrawn(ACCOUNT, 70));

    assertThat(landed).extracting(Event::type).containsExactly("HereWithdrawn");
  }
}
