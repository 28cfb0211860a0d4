package io.varve.client.commands;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.NewEvent;
import io.varve.client.VarveClient;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A writer slips in between the moment the boundary is taken and the moment the command is decided
 * by the log: 1,000 times for each kind of scope, each time in one of three places, and never
 * unnoticed. Nothing waits for luck: the writer's append is acknowledged before the command goes
 * on.
 */
class ForcedRaceTest extends CommandTest {

  private static final int TIMES = 1_000;

  /** So many interleavings at once; each has its own writer, whom its own command must notice. */
  private static final int AT_ONCE = 32;

  private static final List<Intruder.Moment> MOMENTS = List.of(Intruder.Moment.values());

  private static ExecutorService threads;

  @BeforeAll
  static void start() {
    threads = Executors.newFixedThreadPool(AT_ONCE);
  }

  @AfterAll
  static void stop() {
    threads.shutdownNow();
  }

  private final VarveClient watched = Intruder.watch(client);
  private final Commands raced = Commands.of(watched);

  @EventType
  record Happened() {}

  @Command
  @EventStreamId(value = "race-month", concurrency = true)
  record InStreamId(EventSourceId source, Runnable rival) {
    Happened handle() {
      rival.run();
      return new Happened();
    }
  }

  @Command
  @EventStreamType(value = "RaceTransactions", concurrency = true)
  record InStreamType(EventSourceId source, Runnable rival) {
    Happened handle() {
      rival.run();
      return new Happened();
    }
  }

  @Command
  @EventSourceType(value = "RaceAccount", concurrency = true)
  record InSourceType(EventSourceId source, Runnable rival) {
    Happened handle() {
      rival.run();
      return new Happened();
    }
  }

  @Command
  @EventSourceType(value = "RaceAccount4", concurrency = true)
  @EventStreamType(value = "RaceTransactions4", concurrency = true)
  @EventStreamId(value = "race-month-4", concurrency = true)
  record InAll(EventSourceId source, Runnable rival) {
    Happened handle() {
      rival.run();
      return new Happened();
    }
  }

  @Command
  @EventStreamId(concurrency = true)
  record InDynamicStreamId(EventSourceId source, String id, Runnable rival)
      implements CanProvideEventStreamId {
    @Override
    public String eventStreamId() {
      return id;
    }

    Happened handle() {
      rival.run();
      return new Happened();
    }
  }

  @Command(sourceConcurrency = true)
  record InSource(EventSourceId source, Runnable rival) {
    Happened handle() {
      rival.run();
      return new Happened();
    }
  }

  @Command
  record InReadVersion(@Key EventSourceId source, EventSourceId read, Runnable rival) {
    Happened handle(Decision d) {
      d.version(read);
      rival.run();
      return new Happened();
    }
  }

  @Command
  record InReadFilter(EventSourceId source, String streamId, Runnable rival) {
    Happened handle(Decision d) {
      d.events(
          io.varve.client.Filter.anyOf(
              io.varve.client.FilterItem.builder().streamId(streamId).build()));
      rival.run();
      return new Happened();
    }
  }

  /** A kind of scope: a command in it, and a rival's event that is in it too. */
  @SuppressWarnings("ImmutableEnumChecker") // lambdas that hold nothing
  enum Kind {
    STREAM_ID((source, rival) -> new InStreamId(source, rival), (e, n) -> e.streamId("race-month")),
    STREAM_TYPE(
        (source, rival) -> new InStreamType(source, rival),
        (e, n) -> e.streamType("RaceTransactions")),
    SOURCE_TYPE(
        (source, rival) -> new InSourceType(source, rival), (e, n) -> e.sourceType("RaceAccount")),
    COMBINED(
        (source, rival) -> new InAll(source, rival),
        (e, n) ->
            e.sourceType("RaceAccount4").streamType("RaceTransactions4").streamId("race-month-4")),
    DYNAMIC_STREAM_ID(
        (source, rival) -> new InDynamicStreamId(source, "s-" + source.value(), rival),
        (e, source) -> e.streamId("s-" + source)),
    SOURCE((source, rival) -> new InSource(source, rival), (e, source) -> e.source(source)),
    READ_VERSION(
        (source, rival) ->
            new InReadVersion(source, EventSourceId.of("r-" + source.value()), rival),
        (e, source) -> e.source("r-" + source)),
    READ_FILTER(
        (source, rival) -> new InReadFilter(source, "f-" + source.value(), rival),
        (e, source) -> e.streamId("f-" + source));

    final BiFunction<EventSourceId, Runnable, Object> command;
    final BiFunction<NewEvent.Builder, String, NewEvent.Builder> rival;

    Kind(
        BiFunction<EventSourceId, Runnable, Object> command,
        BiFunction<NewEvent.Builder, String, NewEvent.Builder> rival) {
      this.command = command;
      this.rival = rival;
    }

    /** What is read is noted when it is read, within handle(): somebody before is not missed. */
    boolean reads() {
      return this == READ_VERSION || this == READ_FILTER;
    }
  }

  @ParameterizedTest
  @EnumSource
  void aWriterThatSlipsInIsAlwaysCaught(Kind kind) {
    AtomicInteger caught = new AtomicInteger();
    repeat(
        time -> {
          Intruder.Moment moment = moment(kind, time);
          EventSourceId source = id("raced");
          CommandResult result =
              race(
                  moment,
                  withinHandle -> kind.command.apply(source, withinHandle),
                  () -> client.append(rival(kind, source)).orThrow());
          assertThat(result)
              .as("%s, %s", kind, moment)
              .isInstanceOf(CommandResult.ConcurrencyViolation.class);
          caught.incrementAndGet();
        });
    assertThat(caught).hasValue(TIMES);
  }

  /** The scope of every one of them is empty until the rival's event, the first ever in it. */
  @Test
  void theFirstAppendIntoAnEmptyScopeIsCheckedLikeEveryOther() {
    Commands atZero = raced.withBoundary(Boundary.of(() -> 0));
    AtomicInteger landed = new AtomicInteger();
    repeat(
        time -> {
          EventSourceId source = id("first");
          CommandResult quiet =
              atZero.execute(new InDynamicStreamId(source, "q-" + source.value(), () -> {}));
          CommandResult result =
              race(
                  moment(Kind.DYNAMIC_STREAM_ID, time),
                  withinHandle ->
                      new InDynamicStreamId(source, "s-" + source.value(), withinHandle),
                  () -> client.append(rival(Kind.DYNAMIC_STREAM_ID, source)).orThrow());
          assertThat(quiet).isInstanceOf(CommandResult.Appended.class);
          assertThat(result).isInstanceOf(CommandResult.ConcurrencyViolation.class);
          landed.incrementAndGet();
        });
    assertThat(landed).hasValue(TIMES);
  }

  /** Two commands, neither of which is decided before both have been handled: exactly one lands. */
  @Test
  void ofTwoCommandsThatRaceIntoOneScopeExactlyOneLands() {
    ExecutorService others = Executors.newFixedThreadPool(AT_ONCE);
    try {
      repeat(
          time -> {
            String scope = NODE.unique("pair");
            CyclicBarrier both = new CyclicBarrier(2);
            Runnable meet = () -> await(both);
            CompletableFuture<CommandResult> second =
                CompletableFuture.supplyAsync(
                    () -> commands.execute(new InDynamicStreamId(id("second"), scope, meet)),
                    others);
            CommandResult first = commands.execute(new InDynamicStreamId(id("first"), scope, meet));
            assertThat(List.of(first, get(second)))
                .hasAtLeastOneElementOfType(CommandResult.Appended.class)
                .hasAtLeastOneElementOfType(CommandResult.ConcurrencyViolation.class);
          });
    } finally {
      others.shutdownNow();
    }
  }

  private static void await(CyclicBarrier barrier) {
    try {
      barrier.await(120, TimeUnit.SECONDS);
    } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
      throw new AssertionError(e);
    }
  }

  /** What these tests are worth: a boundary that is taken too late lets every rival through. */
  @Test
  void aBoundaryTakenTooLateWouldBeFoundOut() {
    Commands mistaken = Commands.of(Intruder.tooLate(client));
    for (int time = 0; time < 20; time++) {
      EventSourceId source = id("late");
      CommandResult result =
          mistaken.execute(
              new InDynamicStreamId(
                  source,
                  "s-" + source.value(),
                  () -> client.append(rival(Kind.DYNAMIC_STREAM_ID, source)).orThrow()));
      assertThat(result).isInstanceOf(CommandResult.Appended.class);
    }
  }

  /** Without a rival in the scope all of them land: the ones above were not refused by chance. */
  @ParameterizedTest
  @EnumSource
  void aWriterBesideTheScopeDisturbsNobody(Kind kind) {
    for (int time = 0; time < 100; time++) {
      EventSourceId source = id("quiet");
      CommandResult result =
          race(
              moment(kind, time),
              withinHandle -> kind.command.apply(source, withinHandle),
              () ->
                  client
                      .append(NewEvent.builder("beside-" + source.value(), "Rival").build())
                      .orThrow());
      assertThat(result).as("%s", kind).isInstanceOf(CommandResult.Appended.class);
      assertThat(result.concurrencyChecked()).isTrue();
    }
  }

  private static NewEvent rival(Kind kind, EventSourceId source) {
    return kind.rival
        .apply(NewEvent.builder("rival-" + source.value(), "Rival"), source.value())
        .build();
  }

  private static Intruder.Moment moment(Kind kind, int time) {
    Intruder.Moment moment = MOMENTS.get(time % MOMENTS.size());
    return kind.reads() && moment == Intruder.Moment.AFTER_BOUNDARY
        ? Intruder.Moment.WITHIN_HANDLE
        : moment;
  }

  private interface CommandMaker {
    Object make(Runnable withinHandle);
  }

  private CommandResult race(Intruder.Moment moment, CommandMaker maker, Runnable rival) {
    AtomicInteger acted = new AtomicInteger();
    Runnable act =
        () -> {
          rival.run();
          acted.incrementAndGet();
        };
    AtomicReference<Runnable> within = new AtomicReference<>(() -> {});
    Consumer<Runnable> withinHandle = within::set;
    moment.plan(act, withinHandle);
    CommandResult result = raced.execute(maker.make(within.get()));
    assertThat(acted).as("the rival must have acted: %s", moment).hasValue(1);
    assertThat(Intruder.waiting()).isFalse();
    return result;
  }

  private static void repeat(Consumer<Integer> once) {
    List<CompletableFuture<Void>> all = new ArrayList<>();
    for (int time = 0; time < TIMES; time++) {
      int number = time;
      all.add(CompletableFuture.runAsync(() -> once.accept(number), threads));
    }
    all.forEach(CommandTest::get);
  }
}
