package io.varve.client.commands;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.ConcurrencyScope;
import io.varve.client.Condition;
import io.varve.client.Event;
import io.varve.client.Filter;
import io.varve.client.FilterItem;
import io.varve.client.NewEvent;
import java.math.BigDecimal;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/**
 * The six ways to say what a command's append is checked against, and what each leaves unchecked.
 *
 * <p>In each, {@code rival} is a write that slips in while the command is being handled: after the
 * boundary was read, before the command's own events are appended. It is made from within {@code
 * handle()}, so that the interleaving is the same every time.
 */
class ConcurrencyScopesTest extends CommandTest {

  @EventType
  record PaymentProcessed(EventSourceId accountId, BigDecimal amount) {}

  private static final BigDecimal AMOUNT = new BigDecimal("9.90");

  // ---- 1. the stream id ----

  @Command
  @EventStreamId(value = "case1-2026-11", concurrency = true)
  record PayIntoMonth(EventSourceId accountId, Runnable rival) {
    PaymentProcessed handle() {
      rival.run();
      return new PaymentProcessed(accountId, AMOUNT);
    }
  }

  @Test
  void aFlaggedStreamIdIsTheBoundary() {
    EventSourceId account = id("account");

    CommandResult quiet = commands.execute(new PayIntoMonth(account, () -> {}));
    CommandResult raced =
        commands.execute(
            new PayIntoMonth(account, () -> write(id("other"), e -> e.streamId("case1-2026-11"))));
    CommandResult besides =
        commands.execute(
            new PayIntoMonth(account, () -> write(account, e -> e.streamId("case1-2026-12"))));

    Event event = at(appended(quiet).firstPosition());
    assertThat(event.streamId()).isEqualTo("case1-2026-11");
    assertThat(event.source()).isEqualTo(account.value());
    assertThat(scope(quiet)).isEqualTo(FilterItem.builder().streamId("case1-2026-11").build());
    assertThat(raced).isInstanceOf(CommandResult.ConcurrencyViolation.class);
    assertThat(besides).isInstanceOf(CommandResult.Appended.class);
  }

  // ---- 2. the stream type ----

  @Command
  @EventStreamType(value = "Case2Transactions", concurrency = true)
  record PayAsTransaction(EventSourceId accountId, Runnable rival) {
    PaymentProcessed handle() {
      rival.run();
      return new PaymentProcessed(accountId, AMOUNT);
    }
  }

  @Test
  void aFlaggedStreamTypeIsTheBoundary() {
    EventSourceId account = id("account");

    CommandResult quiet = commands.execute(new PayAsTransaction(account, () -> {}));
    CommandResult raced =
        commands.execute(
            new PayAsTransaction(
                account, () -> write(id("other"), e -> e.streamType("Case2Transactions"))));
    CommandResult besides =
        commands.execute(
            new PayAsTransaction(account, () -> write(account, e -> e.streamType("Case2Audit"))));

    assertThat(at(appended(quiet).firstPosition()).streamType()).isEqualTo("Case2Transactions");
    assertThat(scope(quiet))
        .isEqualTo(FilterItem.builder().streamType("Case2Transactions").build());
    assertThat(raced).isInstanceOf(CommandResult.ConcurrencyViolation.class);
    assertThat(besides).isInstanceOf(CommandResult.Appended.class);
  }

  // ---- 3. the source type ----

  @Command
  @EventSourceType(value = "Case3Account", concurrency = true)
  record PayAsAccount(EventSourceId accountId, Runnable rival) {
    PaymentProcessed handle() {
      rival.run();
      return new PaymentProcessed(accountId, AMOUNT);
    }
  }

  @Test
  void aFlaggedSourceTypeIsTheBoundary() {
    EventSourceId account = id("account");

    CommandResult quiet = commands.execute(new PayAsAccount(account, () -> {}));
    CommandResult raced =
        commands.execute(
            new PayAsAccount(account, () -> write(id("other"), e -> e.sourceType("Case3Account"))));
    CommandResult besides =
        commands.execute(
            new PayAsAccount(account, () -> write(account, e -> e.sourceType("Case3Customer"))));

    assertThat(at(appended(quiet).firstPosition()).sourceType()).isEqualTo("Case3Account");
    assertThat(scope(quiet)).isEqualTo(FilterItem.builder().sourceType("Case3Account").build());
    assertThat(raced).isInstanceOf(CommandResult.ConcurrencyViolation.class);
    assertThat(besides).isInstanceOf(CommandResult.Appended.class);
  }

  // ---- 4. combined ----

  @Command
  @EventSourceType(value = "Case4Account", concurrency = true)
  @EventStreamType(value = "Case4Transactions", concurrency = true)
  @EventStreamId(value = "case4-2026-11", concurrency = true)
  record PayCombined(EventSourceId accountId, Runnable rival) {
    PaymentProcessed handle() {
      rival.run();
      return new PaymentProcessed(accountId, AMOUNT);
    }
  }

  @Test
  void flaggedTagsAreAnded() {
    EventSourceId account = id("account");

    CommandResult quiet = commands.execute(new PayCombined(account, () -> {}));
    CommandResult allThree =
        commands.execute(
            new PayCombined(
                account,
                () ->
                    write(
                        id("other"),
                        e ->
                            e.sourceType("Case4Account")
                                .streamType("Case4Transactions")
                                .streamId("case4-2026-11"))));
    CommandResult twoOfThree =
        commands.execute(
            new PayCombined(
                account,
                () -> {
                  write(account, e -> e.sourceType("Case4Account").streamId("case4-2026-11"));
                  write(account, e -> e.sourceType("Case4Account").streamType("Case4Transactions"));
                  write(account, e -> e.streamType("Case4Transactions").streamId("case4-2026-11"));
                }));

    assertThat(scope(quiet))
        .isEqualTo(
            FilterItem.builder()
                .sourceType("Case4Account")
                .streamType("Case4Transactions")
                .streamId("case4-2026-11")
                .build());
    assertThat(allThree).isInstanceOf(CommandResult.ConcurrencyViolation.class);
    assertThat(twoOfThree).isInstanceOf(CommandResult.Appended.class);
  }

  // ---- 5. a stream id known only at run time ----

  @Command
  @EventStreamId(concurrency = true)
  record PayIntoPeriod(EventSourceId accountId, String period, Runnable rival)
      implements CanProvideEventStreamId {
    @Override
    public String eventStreamId() {
      return period;
    }

    PaymentProcessed handle() {
      rival.run();
      return new PaymentProcessed(accountId, AMOUNT);
    }
  }

  @Test
  void aStreamIdKnownOnlyAtRunTimeIsTheBoundary() {
    EventSourceId account = id("account");

    CommandResult quiet = commands.execute(new PayIntoPeriod(account, "case5-1", () -> {}));
    CommandResult raced =
        commands.execute(
            new PayIntoPeriod(
                account, "case5-1", () -> write(id("other"), e -> e.streamId("case5-1"))));
    CommandResult besides =
        commands.execute(
            new PayIntoPeriod(
                account, "case5-1", () -> write(account, e -> e.streamId("case5-2"))));

    assertThat(at(appended(quiet).firstPosition()).streamId()).isEqualTo("case5-1");
    assertThat(scope(quiet)).isEqualTo(FilterItem.builder().streamId("case5-1").build());
    assertThat(raced).isInstanceOf(CommandResult.ConcurrencyViolation.class);
    assertThat(besides).isInstanceOf(CommandResult.Appended.class);
  }

  // ---- 6. the event source id, by convention ----

  record AccountId(String value) implements EventSourceId {}

  @Command
  record Pay(AccountId account, BigDecimal amount) {
    PaymentProcessed handle() {
      return new PaymentProcessed(account, amount);
    }
  }

  @Test
  void theEventSourceIsTheComponentThatIsAnEventSourceId() {
    AccountId account = new AccountId(NODE.unique("account"));

    CommandResult.Appended appended = appended(new Pay(account, AMOUNT));

    assertThat(appended.eventSourceId()).contains(account);
    assertThat(appended.versions()).containsEntry(account.value(), 1L);
    assertThat(events(account))
        .singleElement()
        .satisfies(
            event -> {
              assertThat(event.type()).isEqualTo("PaymentProcessed");
              assertThat(event.data().toUtf8())
                  .isEqualTo("{\"accountId\":\"" + account.value() + "\",\"amount\":9.90}");
            });
  }

  // ---- what is not checked ----

  @Command
  @EventSourceType("NotFlaggedAccount")
  @EventStreamType("NotFlaggedTransactions")
  @EventStreamId("not-flagged")
  record PayUnflagged(EventSourceId accountId, Runnable rival) {
    PaymentProcessed handle() {
      rival.run();
      return new PaymentProcessed(accountId, AMOUNT);
    }
  }

  @Test
  void anUnflaggedTagLabelsTheEventsAndDoesNotAffectConcurrency() {
    EventSourceId account = id("account");

    CommandResult raced =
        commands.execute(
            new PayUnflagged(
                account,
                () ->
                    write(
                        account,
                        e ->
                            e.sourceType("NotFlaggedAccount")
                                .streamType("NotFlaggedTransactions")
                                .streamId("not-flagged"))));

    Event event = at(appended(raced).firstPosition());
    assertThat(event.sourceType()).isEqualTo("NotFlaggedAccount");
    assertThat(event.streamType()).isEqualTo("NotFlaggedTransactions");
    assertThat(event.streamId()).isEqualTo("not-flagged");
    assertThat(raced.concurrencyChecked()).isFalse();
    assertThat(raced.checks()).isEmpty();
  }

  @Command
  @EventStreamType(value = "HalfFlagged", concurrency = true)
  @EventSourceType("HalfFlaggedAccount")
  record PayHalfFlagged(EventSourceId accountId, Runnable rival) {
    PaymentProcessed handle() {
      rival.run();
      return new PaymentProcessed(accountId, AMOUNT);
    }
  }

  @Test
  void anUnflaggedTagBesideAFlaggedOneIsNoPartOfTheScope() {
    CommandResult raced =
        commands.execute(
            new PayHalfFlagged(
                id("account"),
                () -> write(id("other"), e -> e.streamType("HalfFlagged").sourceType("Another"))));

    assertThat(raced).isInstanceOf(CommandResult.ConcurrencyViolation.class);
  }

  @Test
  void theEventSourceIdIsNoPartOfTheBoundary() {
    EventSourceId account = id("account");

    // The same source, another stream type: no conflict. Another source, the same: a conflict.
    CommandResult sameSource =
        commands.execute(new PayAsTransaction(account, () -> write(account, e -> {})));
    CommandResult otherSource =
        commands.execute(
            new PayAsTransaction(
                account, () -> write(id("other"), e -> e.streamType("Case2Transactions"))));

    assertThat(sameSource).isInstanceOf(CommandResult.Appended.class);
    assertThat(otherSource).isInstanceOf(CommandResult.ConcurrencyViolation.class);
  }

  @Command(sourceConcurrency = true)
  record PayGuarded(EventSourceId accountId, Runnable rival) {
    PaymentProcessed handle() {
      rival.run();
      return new PaymentProcessed(accountId, AMOUNT);
    }
  }

  @Test
  void theEventSourceJoinsTheBoundaryWhenAsked() {
    EventSourceId account = id("account");

    CommandResult quiet = commands.execute(new PayGuarded(account, () -> {}));
    CommandResult raced = commands.execute(new PayGuarded(account, () -> write(account, e -> {})));
    CommandResult besides =
        commands.execute(new PayGuarded(account, () -> write(id("other"), e -> {})));

    assertThat(scope(quiet)).isEqualTo(FilterItem.builder().source(account.value()).build());
    assertThat(raced).isInstanceOf(CommandResult.ConcurrencyViolation.class);
    assertThat(besides).isInstanceOf(CommandResult.Appended.class);
  }

  @Command(sourceConcurrency = true)
  @EventStreamType(value = "GuardedTransactions", concurrency = true)
  record PayGuardedTransaction(EventSourceId accountId, Runnable rival) {
    PaymentProcessed handle() {
      rival.run();
      return new PaymentProcessed(accountId, AMOUNT);
    }
  }

  @Test
  void theEventSourceThatJoinsIsAndedWithTheFlaggedTags() {
    EventSourceId account = id("account");

    CommandResult both =
        commands.execute(
            new PayGuardedTransaction(
                account, () -> write(account, e -> e.streamType("GuardedTransactions"))));
    CommandResult onlyTheTag =
        commands.execute(
            new PayGuardedTransaction(
                account, () -> write(id("other"), e -> e.streamType("GuardedTransactions"))));
    CommandResult onlyTheSource =
        commands.execute(new PayGuardedTransaction(account, () -> write(account, e -> {})));

    assertThat(both).isInstanceOf(CommandResult.ConcurrencyViolation.class);
    assertThat(onlyTheTag).isInstanceOf(CommandResult.Appended.class);
    assertThat(onlyTheSource).isInstanceOf(CommandResult.Appended.class);
  }

  @Command(sourceConcurrency = true)
  record PayMany(List<EventSourceId> accounts, Runnable rival) {
    List<EventForEventSourceId> handle() {
      rival.run();
      return accounts.stream()
          .map(account -> EventForEventSourceId.of(account, new PaymentProcessed(account, AMOUNT)))
          .toList();
    }
  }

  @Test
  void everySourceACommandWritesToJoinsTheBoundary() {
    List<EventSourceId> accounts =
        java.util.stream.IntStream.range(0, 40).mapToObj(i -> id("account")).toList();

    CommandResult quiet = commands.execute(new PayMany(accounts, () -> {}));
    CommandResult raced =
        commands.execute(new PayMany(accounts, () -> write(accounts.get(39), e -> {})));

    assertThat(appended(quiet).versions()).hasSize(40);
    assertThat(quiet.checks()).hasSize(3); // 16 filter items at most in each
    assertThat(raced).isInstanceOf(CommandResult.ConcurrencyViolation.class);
  }

  @Test
  void withoutAFlagThereIsNoScopeAndTwoRacingCommandsBothLand() {
    EventSourceId account = id("account");
    PayUnflagged second = new PayUnflagged(account, () -> {});

    CommandResult first =
        commands.execute(
            new PayUnflagged(
                account,
                () -> {
                  // On a thread of its own, or it would join this one.
                  CommandResult slippedIn = elsewhere(second);
                  assertThat(slippedIn).isInstanceOf(CommandResult.Appended.class);
                }));

    assertThat(first).isInstanceOf(CommandResult.Appended.class);
    assertThat(events(account)).hasSize(2);
  }

  // ---- what the violation says ----

  @Test
  void aViolationSaysWhatWasExpectedAndWhatWasFound() {
    EventSourceId other = id("other");
    long head = client.head().position();

    CommandResult.ConcurrencyViolation raced =
        violation(
            commands.execute(
                new PayIntoPeriod(
                    id("account"), "found", () -> write(other, e -> e.streamId("found")))));

    ConcurrencyScope expected =
        new ConcurrencyScope(Filter.anyOf(FilterItem.builder().streamId("found").build()), head);
    assertThat(raced.checks()).containsExactly(expected);
    assertThat(raced.attempts()).isEqualTo(1);
    assertThat(raced.failed())
        .singleElement()
        .satisfies(
            failed -> {
              assertThat(failed.expected()).isEqualTo(expected);
              assertThat(failed.newest()).isPresent();
              assertThat(failed.newest().orElseThrow().source()).isEqualTo(other.value());
              assertThat(failed.newest().orElseThrow().type()).isEqualTo("Rival");
              assertThat(failed.newest().orElseThrow().position()).isEqualTo(head + 1);
            });
  }

  private CommandResult elsewhere(Object command) {
    return get(java.util.concurrent.CompletableFuture.supplyAsync(() -> commands.execute(command)));
  }

  private void write(EventSourceId source, Consumer<NewEvent.Builder> labels) {
    NewEvent.Builder event = NewEvent.builder(source.value(), "Rival");
    labels.accept(event);
    client.append(event.build()).orThrow();
  }

  private static FilterItem scope(CommandResult result) {
    assertThat(result.concurrencyChecked()).isTrue();
    Condition only = result.checks().get(0);
    assertThat(result.checks()).hasSize(1);
    List<FilterItem> items = ((ConcurrencyScope) only).filter().anyOf();
    assertThat(items).hasSize(1);
    return items.get(0);
  }
}
