package io.varve.client.commands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.client.ConcurrencyScope;
import io.varve.client.EventStream;
import io.varve.client.ExpectedVersion;
import io.varve.client.NewEvent;
import io.varve.client.ReadOptions;
import io.varve.client.VarveClient;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** All events of a command land, adjacent and in order, or none does. */
class AtomicityTest extends CommandTest {

  @EventType
  record Moved(int number) {}

  /** Whatever the test wants. */
  @Command
  record Run(EventSourceId source, Supplier<Object> body) {
    Object handle() {
      return body.get();
    }
  }

  @Command
  record RunReading(EventSourceId source, java.util.function.Function<Decision, Object> body) {
    Object handle(Decision d) {
      return body.apply(d);
    }
  }

  @Command
  @EventStreamType(value = "AtomicScope", concurrency = true)
  record RunInScope(EventSourceId source, Supplier<Object> body) {
    Object handle() {
      return body.get();
    }
  }

  private static EventForEventSourceId moved(EventSourceId source, int number) {
    return EventForEventSourceId.of(source, new Moved(number));
  }

  private List<String> landed(CommandResult.Appended appended) {
    long count = appended.lastPosition() - appended.firstPosition() + 1;
    try (EventStream events =
        client.read(
            ReadOptions.builder().fromPosition(appended.firstPosition()).limit(count).build())) {
      return events.stream().map(e -> e.source() + " " + e.data().toUtf8()).toList();
    }
  }

  private static String line(EventSourceId source, int number) {
    return source.value() + " {\"number\":" + number + "}";
  }

  private void write(EventSourceId source, String streamType) {
    client
        .append(NewEvent.builder(source.value(), "Rival").streamType(streamType).build())
        .orThrow();
  }

  private void nothingLanded(EventSourceId... sources) {
    for (EventSourceId source : sources) {
      assertThat(client.version(source.value())).as(source.value()).isZero();
    }
  }

  // ---- adjacent and in order ----

  @Test
  void eventsOfSeveralSourcesLandAdjacentAndInOrderWhileOthersWriteToo() {
    List<CompletableFuture<CommandResult>> running = new ArrayList<>();
    List<List<String>> expected = new ArrayList<>();
    for (int command = 0; command < 200; command++) {
      List<EventSourceId> sources = List.of(id("a"), id("b"), id("c"));
      List<EventForEventSourceId> events =
          IntStream.range(0, 7).mapToObj(n -> moved(sources.get(n % 3), n)).toList();
      running.add(commands.executeAsync(new Run(id("own"), () -> events)));
      expected.add(IntStream.range(0, 7).mapToObj(n -> line(sources.get(n % 3), n)).toList());
    }
    for (int command = 0; command < running.size(); command++) {
      assertThat(landed(appended(get(running.get(command))))).isEqualTo(expected.get(command));
    }
  }

  // ---- or none ----

  @Test
  void oneConditionOfSeveralThatFailsKeepsAllEventsOut() {
    EventSourceId one = id("one");
    EventSourceId two = id("two");
    EventSourceId three = id("three");
    EventSourceId readOnly = id("read");
    CommandResult.ConcurrencyViolation raced =
        violation(
            commands.execute(
                new RunReading(
                    id("own"),
                    d -> {
                      d.version(one);
                      d.version(two);
                      d.version(readOnly);
                      write(readOnly, "");
                      return List.of(moved(one, 1), moved(two, 2), moved(three, 3));
                    })));
    assertThat(raced.checks()).hasSize(3);
    assertThat(raced.failed())
        .singleElement()
        .satisfies(
            failed -> {
              assertThat(failed.index()).isEqualTo(2);
              assertThat(failed.expected()).isEqualTo(ExpectedVersion.exactly(readOnly.value(), 0));
              assertThat(failed.foundVersion()).isEqualTo(1);
            });
    nothingLanded(one, two, three);
  }

  @Test
  void anEventThatCannotBeWrittenKeepsAllEventsOut() {
    EventSourceId one = id("one");
    assertThatThrownBy(
            () ->
                commands.execute(
                    new Run(one, () -> List.of(new Moved(1), new Moved(2), "no event"))))
        .isInstanceOf(CommandFailedException.class);
    nothingLanded(one);
  }

  @Test
  void anEventThatTheLogRefusesKeepsAllEventsOut() {
    EventSourceId one = id("one");
    EventSourceId tooLong = EventSourceId.of("x".repeat(513));
    assertThatThrownBy(
            () -> commands.execute(new Run(one, () -> List.of(moved(one, 1), moved(tooLong, 2)))))
        .isInstanceOf(io.varve.client.InvalidArgumentException.class)
        .hasMessageContaining("512");
    nothingLanded(one);
  }

  // ---- commands in commands ----

  @Test
  void aCommandExecutedInACommandJoinsTheOuterAppend() {
    EventSourceId inner1 = id("inner1");
    EventSourceId inner2 = id("inner2");
    EventSourceId outer = id("outer");
    List<CommandResult> joined = new ArrayList<>();
    CommandResult.Appended appended =
        appended(
            new Run(
                outer,
                () -> {
                  joined.add(commands.execute(new Run(inner1, () -> new Moved(1))));
                  joined.add(
                      get(
                          commands.executeAsync(
                              new Run(inner2, () -> List.of(new Moved(2), new Moved(3))))));
                  assertThat(client.version(inner1.value())).as("not yet").isZero();
                  return new Moved(4);
                }));
    assertThat(joined)
        .containsExactly(
            new CommandResult.Joined(List.of(), java.util.Optional.of(inner1), 1),
            new CommandResult.Joined(List.of(), java.util.Optional.of(inner2), 2));
    assertThat(landed(appended))
        .containsExactly(line(inner1, 1), line(inner2, 2), line(inner2, 3), line(outer, 4));
  }

  @Test
  void whatAJoinedCommandChecksIsCheckedForAll() {
    EventSourceId inner = id("inner");
    EventSourceId outer = id("outer");
    AtomicReference<CommandResult> joined = new AtomicReference<>();
    for (boolean rival : new boolean[] {false, true}) {
      CommandResult result =
          commands.execute(
              new Run(
                  outer,
                  () -> {
                    joined.set(
                        commands.execute(
                            new RunInScope(
                                inner,
                                () -> {
                                  if (rival) {
                                    write(id("rival"), "AtomicScope");
                                  }
                                  return new Moved(1);
                                })));
                    return new Moved(2);
                  }));
      assertThat(joined.get().checks()).singleElement().isInstanceOf(ConcurrencyScope.class);
      assertThat(result.checks()).isEqualTo(joined.get().checks());
      assertThat(result instanceof CommandResult.ConcurrencyViolation).isEqualTo(rival);
      assertThat(client.version(inner.value())).isEqualTo(1);
      assertThat(client.version(outer.value())).isEqualTo(1);
    }
  }

  @Test
  void aJoinedCommandIsCheckedFromTheOuterBoundaryOn() {
    EventSourceId inner = id("inner");
    CommandResult result =
        commands.execute(
            new RunInScope(
                id("outer"),
                () -> {
                  write(id("rival"), "AtomicScope");
                  return commands.execute(new RunInScope(inner, () -> new Moved(1)))
                          instanceof CommandResult.Joined
                      ? List.of(new Moved(2))
                      : List.of();
                }));
    assertThat(violation(result).failed()).hasSize(1);
    nothingLanded(inner);
  }

  @Test
  void anOuterCommandThatFailsTakesTheJoinedOnesWithIt() {
    EventSourceId inner = id("inner");
    assertThatThrownBy(
            () ->
                commands.execute(
                    new Run(
                        id("outer"),
                        () -> {
                          commands.execute(new Run(inner, () -> new Moved(1)));
                          throw new IllegalStateException("no");
                        })))
        .hasMessage("no");
    CommandResult rejected =
        commands.execute(
            new Run(
                id("outer"),
                () -> {
                  commands.execute(new Run(inner, () -> new Moved(1)));
                  return Rejection.because("no");
                }));
    assertThat(rejected).isInstanceOf(CommandResult.Rejected.class);
    nothingLanded(inner);
    // And the thread is free again.
    assertThat(commands.execute(new Run(inner, () -> new Moved(1))))
        .isInstanceOf(CommandResult.Appended.class);
  }

  @Test
  void aJoinedCommandThatIsRejectedOrFailsAddsNothingAndTheOuterOneDecides() {
    EventSourceId rejected = id("rejected");
    EventSourceId failed = id("failed");
    EventSourceId deep = id("deep");
    EventSourceId read = id("read");
    EventSourceId outer = id("outer");
    CommandResult result =
        commands.execute(
            new Run(
                outer,
                () -> {
                  CommandResult no =
                      commands.execute(
                          new RunReading(
                              rejected,
                              d -> {
                                d.version(read);
                                commands.execute(new Run(deep, () -> new Moved(9)));
                                return List.of(new Moved(1), Rejection.because("no"));
                              }));
                  assertThat(no).isEqualTo(new CommandResult.Rejected(Rejection.because("no")));
                  assertThatThrownBy(
                          () ->
                              commands.execute(
                                  new Run(
                                      failed,
                                      () -> {
                                        commands.execute(new Run(deep, () -> new Moved(9)));
                                        throw new IllegalStateException("no");
                                      })))
                      .hasMessage("no");
                  return new Moved(4);
                }));
    assertThat(landed(appended(result))).containsExactly(line(outer, 4));
    // The outer decision rests on the rejection, so what led to it is checked.
    assertThat(result.checks()).containsExactly(ExpectedVersion.exactly(read.value(), 0));
    nothingLanded(rejected, failed, deep);
  }

  @Test
  void anOuterCommandWithoutEventsOfItsOwnStillAppendsTheJoinedOnes() {
    EventSourceId inner = id("inner");
    CommandResult.Appended appended =
        appended(
            new Run(
                id("outer"),
                () -> {
                  commands.execute(new Run(inner, () -> new Moved(1)));
                  return List.of();
                }));
    assertThat(appended.eventSourceId().map(EventSourceId::value)).contains(inner.value());
    assertThat(landed(appended)).containsExactly(line(inner, 1));
  }

  @Test
  void commandsThatExecuteEachOtherWithoutEndAreStopped() {
    AtomicReference<Run> self = new AtomicReference<>();
    self.set(new Run(id("loop"), () -> List.of(commands.execute(self.get()))));
    assertThatThrownBy(() -> commands.execute(self.get()))
        .isInstanceOf(CommandFailedException.class)
        .hasMessageContaining("32 deep");
  }

  @Test
  void aCommandOfAnotherClientCannotJoin() {
    VarveClient other = NODE.client();
    assertThatThrownBy(
            () ->
                commands.execute(
                    new Run(
                        id("outer"),
                        () -> Commands.of(other).execute(new Run(id("i"), () -> new Moved(1))))))
        .isInstanceOf(CommandFailedException.class)
        .hasMessageContaining("another client");
  }

  @Test
  void aJoinedCommandHasNoAppendIdOfItsOwn() {
    assertThatThrownBy(
            () ->
                commands.execute(
                    new Run(
                        id("outer"),
                        () ->
                            commands.execute(
                                new Run(id("i"), () -> new Moved(1)), client.newAppendId()))))
        .isInstanceOf(CommandFailedException.class)
        .hasMessageContaining("append id");
  }

  /** A pool's worker that waits runs other tasks meanwhile: they have nothing to do with it. */
  @Test
  void whatAWorkerRunsWhileHandleWaitsDoesNotJoin() {
    EventSourceId other = id("other");
    AtomicReference<CommandResult> foreign = new AtomicReference<>();
    CommandResult outer =
        get(
            CompletableFuture.supplyAsync(
                () ->
                    commands.execute(
                        new Run(
                            id("outer"),
                            () -> {
                              CompletableFuture.runAsync(
                                      () ->
                                          foreign.set(
                                              commands.execute(new Run(other, () -> new Moved(1)))))
                                  .join();
                              return List.of();
                            }))));
    assertThat(foreign.get()).isInstanceOf(CommandResult.Appended.class);
    assertThat(appended(outer).firstPosition()).isZero();
    assertThat(client.version(other.value())).isEqualTo(1);
  }

  @Test
  void everythingStaysAdjacentUnderManyWriters() {
    // Writers in between would show as gaps: the head moves by more than the command's own events.
    List<CompletableFuture<CommandResult>> running = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      EventSourceId a = id("a");
      EventSourceId b = id("b");
      running.add(
          commands.executeAsync(
              new Run(
                  a,
                  () -> {
                    commands.execute(new Run(b, () -> List.of(new Moved(1), new Moved(2))));
                    return List.of(new Moved(3), new Moved(4));
                  })));
      running.add(commands.executeAsync(new Run(id("single"), () -> new Moved(0))));
    }
    for (CompletableFuture<CommandResult> one : running) {
      CommandResult.Appended appended = appended(get(one));
      long count = appended.versions().values().stream().mapToLong(Long::longValue).sum();
      assertThat(appended.lastPosition() - appended.firstPosition() + 1).isEqualTo(count);
    }
  }
}
