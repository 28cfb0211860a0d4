package io.varve.client.commands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.client.ConcurrencyScope;
import io.varve.client.ExpectedVersion;
import io.varve.client.Filter;
import io.varve.client.FilterItem;
import io.varve.client.NewEvent;
import io.varve.client.serialization.EventTypes;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** What {@code handle(Decision)} reads is checked when its events are appended. */
class DecisionTest extends CommandTest {

  @EventType
  record Counted(int number) {}

  @EventType
  record Decided() {}

  /** Reads, lets somebody slip in, decides. */
  @Command
  record Decide(EventSourceId target, Function<Decision, Object> read, Runnable rival) {
    Decided handle(Decision d) {
      Object unused = read.apply(d);
      rival.run();
      return new Decided();
    }
  }

  private final Commands knowing =
      Commands.builder(client).eventTypes(EventTypes.of(Counted.class)).build();

  private void write(EventSourceId source) {
    client.append(NewEvent.builder(source.value(), "Counted").data("{\"number\":1}").build());
  }

  /** Runs twice: undisturbed, and with somebody who changes what was read. */
  private void caught(Function<Decision, Object> read, Runnable rival, Object... checks) {
    CommandResult quiet = commands.execute(new Decide(id("target"), read, () -> {}));
    assertThat(quiet).isInstanceOf(CommandResult.Appended.class);
    assertThat(quiet.checks()).hasSize(checks.length);
    for (Object check : checks) {
      assertThat(quiet.checks().toString()).contains(check.toString());
    }
    CommandResult.ConcurrencyViolation raced =
        violation(commands.execute(new Decide(id("target"), read, rival)));
    assertThat(raced.failed()).isNotEmpty();
  }

  @Test
  void aVersionThatWasReadIsExpected() {
    EventSourceId source = id("source");
    write(source);
    caught(d -> d.version(source), () -> write(source), ExpectedVersion.exactly(source.value(), 1));
  }

  @Test
  void aSourceThatWasReadMustNotHaveChanged() {
    EventSourceId source = id("source");
    write(source);
    write(source);
    caught(d -> d.events(source), () -> write(source), ExpectedVersion.exactly(source.value(), 2));
  }

  @Test
  void aSourceThatWasReadAsEmptyMustStillBe() {
    EventSourceId source = id("source");
    caught(d -> d.events(source), () -> write(source), ExpectedVersion.exactly(source.value(), 0));
  }

  @Test
  void existenceIsCheckedAndNotTheVersion() {
    EventSourceId source = id("source");
    caught(d -> d.exists(source), () -> write(source), ExpectedVersion.notExists(source.value()));
    CommandResult more =
        commands.execute(new Decide(id("target"), d -> d.exists(source), () -> write(source)));
    assertThat(more).isInstanceOf(CommandResult.Appended.class);
    assertThat(more.checks()).containsExactly(ExpectedVersion.exists(source.value()));
  }

  @Test
  void aFilterThatWasReadMustMatchNothingNew() {
    EventSourceId source = id("source");
    Filter filter = Filter.anyOf(FilterItem.builder().source(source.value()).build());
    write(source);
    caught(d -> d.events(filter), () -> write(source), filter);
    CommandResult besides =
        commands.execute(
            new Decide(id("target"), d -> d.events(filter), () -> write(id("besides"))));
    assertThat(besides).isInstanceOf(CommandResult.Appended.class);
  }

  @Test
  void readsGiveWhatIsThereAsObjects() {
    EventSourceId source = id("source");
    write(source);
    write(source);
    Filter filter = Filter.anyOf(FilterItem.builder().source(source.value()).build());
    List<Object> seen = new ArrayList<>();
    BiFunction<Integer, io.varve.client.serialization.DecodedEvent, Integer> sum =
        (total, event) -> total + event.as(Counted.class).orElseThrow().number();
    knowing.execute(
        new Decide(
            id("target"),
            d -> {
              d.events(source).forEach(e -> seen.add(e.as(Counted.class).orElseThrow()));
              d.events(filter).forEach(e -> seen.add(e.as(Counted.class).orElseThrow()));
              seen.add(d.fold(source, 0, sum));
              seen.add(d.fold(filter, 0, sum));
              seen.add(d.version(source));
              seen.add(d.exists(source));
              return seen;
            },
            () -> {}));
    Counted one = new Counted(1);
    assertThat(seen).containsExactly(one, one, one, one, 2, 2, 2L, true);
  }

  @Test
  void aReadThatIsRepeatedIsCheckedFromTheFirstTime() {
    EventSourceId source = id("source");
    Filter filter = Filter.anyOf(FilterItem.builder().source(source.value()).build());
    for (Function<Decision, Object> read :
        List.<Function<Decision, Object>>of(
            d -> d.version(source), d -> d.events(filter), d -> d.exists(id("e")))) {
      CommandResult raced =
          commands.execute(
              new Decide(
                  id("target"),
                  d -> {
                    Object unused = read.apply(d);
                    write(source);
                    return List.of(read.apply(d), d.version(source));
                  },
                  () -> {}));
      if (raced instanceof CommandResult.ConcurrencyViolation violation) {
        assertThat(violation.failed()).hasSize(1);
      } else {
        assertThat(raced.checks().toString()).contains("MUST_NOT_EXIST");
      }
    }
  }

  // ---- besides the declared scope ----

  @Command
  @EventStreamType(value = "DecisionScope", concurrency = true)
  record DecideInScope(
      @Key EventSourceId target, EventSourceId read, Runnable before, Runnable after) {
    Decided handle(Decision d) {
      before.run();
      d.version(read);
      after.run();
      return new Decided();
    }
  }

  @Test
  void readsDoNotNarrowTheDeclaredScope() {
    EventSourceId read = id("read");
    Runnable intoScope =
        () ->
            client.append(
                NewEvent.builder(id("o").value(), "Rival").streamType("DecisionScope").build());

    CommandResult quiet = commands.execute(new DecideInScope(id("t"), read, () -> {}, () -> {}));
    CommandResult beforeTheRead =
        commands.execute(new DecideInScope(id("t"), read, intoScope, () -> {}));
    CommandResult afterTheRead =
        commands.execute(new DecideInScope(id("t"), read, () -> {}, intoScope));
    CommandResult onlyTheRead =
        commands.execute(new DecideInScope(id("t"), read, () -> {}, () -> write(read)));
    CommandResult both =
        commands.execute(
            new DecideInScope(
                id("t"),
                read,
                () -> {},
                () -> {
                  write(read);
                  intoScope.run();
                }));

    assertThat(quiet.checks())
        .hasSize(2)
        .hasExactlyElementsOfTypes(ConcurrencyScope.class, ExpectedVersion.class);
    assertThat(violation(beforeTheRead).failed()).hasSize(1);
    assertThat(violation(afterTheRead).failed()).hasSize(1);
    assertThat(violation(onlyTheRead).failed())
        .singleElement()
        .satisfies(
            failed -> {
              assertThat(failed.expected()).isEqualTo(ExpectedVersion.exactly(read.value(), 0));
              assertThat(failed.foundVersion()).isEqualTo(1);
            });
    assertThat(violation(both).failed()).hasSize(2);
  }

  // ---- bounds and misuse ----

  @Test
  void aDecisionIsOverWhenHandleHasReturned() {
    List<Decision> kept = new ArrayList<>();
    commands.execute(new Decide(id("target"), d -> kept.add(d), () -> {}));
    assertThatThrownBy(() -> kept.get(0).version(id("s")))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining(Decide.class.getName())
        .hasMessageContaining("after handle() had returned");
  }

  @Test
  void aDecisionBelongsToItsThread() {
    Decide command =
        new Decide(
            id("target"),
            d -> failure(java.util.concurrent.CompletableFuture.runAsync(() -> d.version(id("s")))),
            () -> {});
    List<Object> failure = new ArrayList<>();
    commands.execute(new Decide(id("t"), d -> failure.add(command.read().apply(d)), () -> {}));
    assertThat((Throwable) failure.get(0))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("another thread");
  }

  @Test
  void moreChecksThanTheLogTakesFailTheCommandNamingTheLimit() {
    Decide command =
        new Decide(
            id("target"),
            d -> {
              for (int i = 0; i < 65; i++) {
                d.version(EventSourceId.of("s" + i));
              }
              return d;
            },
            () -> {});
    assertThatThrownBy(() -> commands.execute(command))
        .isInstanceOf(CommandFailedException.class)
        .hasMessageContaining(Decide.class.getName())
        .hasMessageContaining("65 checks")
        .hasMessageContaining("at most 64");
  }
}
