package io.varve.statemachine.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.proto.replicated.v1.AppendBatch;
import io.varve.proto.replicated.v1.Command;
import io.varve.proto.v1.Append;
import io.varve.proto.v1.Condition;
import io.varve.proto.v1.NewEvent;
import io.varve.statemachine.Outcome;
import io.varve.statemachine.Outcome.Appended;
import io.varve.statemachine.Outcome.Conflict;
import io.varve.statemachine.Outcome.Refusal;
import io.varve.statemachine.Outcome.Refused;
import io.varve.statemachine.StoreOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Scopes whose decision takes many steps, in a log where two tags alternate and meet only in its
 * first event: the dearest there is. The count of steps is the same on every replica, whatever it
 * has cached, wherever the events stand, and it is bounded.
 */
class WideScopeTest {

  private static final StoreOptions OPTIONS = StoreOptions.defaults();
  private static final StoreOptions SMALL_CACHES = OPTIONS.withCachedLabels(1).withCachedSources(1);

  /** Alternations of the two tags. */
  private static final int STRETCH = 300;

  /** Nothing above 0 may have both tags. */
  private static final Condition DEAR = scope("after=0 tag=left tag=right");

  @Test
  void theCountIsTheSameWhereverTheEventsStand() {
    long steps = stepsOf(OPTIONS, (log, probe) -> log.enter(alternations(0, STRETCH), probe));

    assertThat(steps).isBetween((long) STRETCH, 3L * STRETCH); // Near the lists' length.
    assertThat(stepsOf(SMALL_CACHES, (log, probe) -> log.enter(alternations(0, STRETCH), probe)))
        .as("with small caches")
        .isEqualTo(steps);
    assertThat(stepsOf(OPTIONS, (log, probe) -> log.enterTogether(alternations(0, STRETCH), probe)))
        .as("all in one entry")
        .isEqualTo(steps);
    assertThat(
            stepsOf(
                OPTIONS,
                (log, probe) -> {
                  log.enter(alternations(0, STRETCH / 2));
                  log.enterTogether(alternations(STRETCH / 2, STRETCH), probe);
                }))
        .as("half of it in the entry")
        .isEqualTo(steps);
    assertThat(
            stepsOf(
                SMALL_CACHES,
                (log, probe) -> {
                  log.enter(alternations(0, STRETCH));
                  log.replica.restart();
                  log.enter(List.of(), probe);
                }))
        .as("after a restart")
        .isEqualTo(steps);
    assertThat(
            stepsOf(
                OPTIONS,
                (log, probe) -> {
                  log.enter(alternations(0, STRETCH));
                  log.replica.takeSnapshot();
                  log.replica.install(log.replica);
                  log.enter(List.of(), probe);
                }))
        .as("from a snapshot")
        .isEqualTo(steps);
    assertThat(
            stepsOf(
                OPTIONS,
                (log, probe) -> {
                  log.enter(alternations(0, STRETCH));
                  // Decisions and appends that warm the caches for these labels.
                  log.enter(List.of(), append(scope("after=5 tag=left tag=right")));
                  log.enter(List.of(), append(scope("after=0 tag=left")));
                  log.enter(List.of(), probe);
                }))
        .as("after others were decided")
        .isEqualTo(steps);
  }

  @Test
  void aWideScopeIsRefusedAndLeavesNothingBehind() {
    try (Log log = new Log(OPTIONS, 50)) {
      log.enter(alternations(0, STRETCH));
      Append wide =
          Notation.append(Notation.words("append id=wide known=" + STRETCH))
              .addConditions(DEAR)
              .addEvents(event("probe"))
              .build();

      Outcome outcome = log.enter(List.of(), wide);

      assertThat(outcome)
          .isInstanceOfSatisfying(
              Refused.class,
              refused -> {
                assertThat(refused.refusal()).isEqualTo(Refusal.SCOPE_TOO_WIDE);
                assertThat(refused.field()).isEqualTo("append.conditions[0].concurrency_scope");
                assertThat(refused.message()).contains("50 steps");
              });
      assertThat(log.replica.reader().head()).isEqualTo(STRETCH);
      assertThat(log.replica.reader().append(Notation.uuid("wide"))).isEmpty();
      // A newer position makes the same scope cheap.
      assertThat(
              log.enter(List.of(), append(scope("after=" + (STRETCH - 5) + " tag=left tag=right"))))
          .isInstanceOf(Appended.class);
    }
  }

  @Test
  void theLimitIsForAllScopesOfAnAppendTogether() {
    long steps = stepsOf(OPTIONS, (log, probe) -> log.enter(alternations(0, STRETCH), probe));
    try (Log log = new Log(OPTIONS, 2 * steps - 1)) {
      log.enter(alternations(0, STRETCH));

      assertThat(log.enter(List.of(), append(DEAR))).isInstanceOf(Conflict.class);
      assertThat(log.enter(List.of(), append(DEAR, scope("after=0 tag=left tag=right"))))
          .isInstanceOfSatisfying(
              Refused.class,
              refused ->
                  assertThat(refused.field()).isEqualTo("append.conditions[1].concurrency_scope"));
      assertThat(log.enter(List.of(), append(DEAR), append(DEAR)))
          .as("the next append has a budget of its own")
          .isInstanceOf(Conflict.class);
    }
  }

  @Test
  void refusalsAboveTheHeadAndExpectedVersionsTakeNoSteps() {
    try (Log log = new Log(OPTIONS, 1)) {
      log.enter(alternations(0, STRETCH));

      assertThat(log.enter(List.of(), append(DEAR, scope("after=" + (STRETCH + 1) + " tag=left"))))
          .isInstanceOfSatisfying(
              Refused.class,
              refused -> assertThat(refused.refusal()).isEqualTo(Refusal.OUT_OF_RANGE));
      assertThat(
              log.enter(
                  List.of(),
                  append(
                      Notation.expectation(Notation.words("expect left exists")),
                      Notation.expectation(Notation.words("expect right exists")),
                      Notation.expectation(Notation.words("expect nobody none")))))
          .isInstanceOf(Appended.class);
    }
  }

  /** Unbounded, these decisions would take a hundred times as long: 2 × 10^8 steps. */
  @Test
  @Timeout(value = 60, unit = TimeUnit.SECONDS)
  void manyWideScopesTakeBoundedTime() {
    try (Log log = new Log(OPTIONS, 1_000)) {
      for (int from = 0; from < 100_000; from += 4_000) {
        log.enterTogether(alternations(from, from + 4_000));
      }
      for (int i = 0; i < 2; i++) {
        List<Append> wide = new ArrayList<>();
        for (int j = 0; j < 1_000; j++) {
          wide.add(append(DEAR));
        }
        assertThat(log.enterTogether(wide)).isInstanceOf(Refused.class);
      }
    }
  }

  /** The least limit under which a probe is decided: the steps it takes. */
  private static long stepsOf(StoreOptions options, BiConsumer<Log, Append> story) {
    long tooFew = 0;
    long enough = 16L * STRETCH;
    assertThat(decides(options, enough, story)).isTrue();
    while (enough - tooFew > 1) {
      long middle = (tooFew + enough) / 2;
      if (decides(options, middle, story)) {
        enough = middle;
      } else {
        tooFew = middle;
      }
    }
    return enough;
  }

  private static boolean decides(StoreOptions options, long limit, BiConsumer<Log, Append> story) {
    try (Log log = new Log(options, limit)) {
      story.accept(log, append(DEAR));
      if (log.last instanceof Refused refused) {
        assertThat(refused.refusal()).isEqualTo(Refusal.SCOPE_TOO_WIDE);
        return false;
      }
      assertThat(log.last)
          .isInstanceOfSatisfying(
              Conflict.class,
              conflict ->
                  assertThat(conflict.failed().get(0).newest().orElseThrow().position())
                      .isEqualTo(1));
      return true;
    }
  }

  /** Both tags on the first event of all, then one and the other in turn. */
  private static List<Append> alternations(int from, int to) {
    List<Append> appends = new ArrayList<>();
    for (int n = from; n < to; n++) {
      appends.add(
          Append.newBuilder()
              .addEvents(n == 0 ? event("left", "right") : event(n % 2 == 0 ? "left" : "right"))
              .build());
    }
    return appends;
  }

  private static NewEvent event(String source, String... more) {
    return NewEvent.newBuilder()
        .setSource(source)
        .setType("Alternated")
        .addTags(source)
        .addAllTags(List.of(more))
        .build();
  }

  private static Append append(Condition... conditions) {
    return Append.newBuilder()
        .addAllConditions(List.of(conditions))
        .addEvents(NewEvent.newBuilder().setSource("probe").setType("Probed"))
        .build();
  }

  private static Condition scope(String words) {
    return Notation.scope(Notation.words("scope " + words));
  }

  /** A replica of a log founded with a step limit. */
  private static final class Log implements AutoCloseable {
    private final Scratch scratch = new Scratch();
    private final CoreReplica replica;
    private long index;
    private Outcome last = new Refused(Refusal.NOT_FOUNDED, "", "");

    Log(StoreOptions options, long stepLimit) {
      replica = new CoreReplica(scratch, options);
      replica.apply(
          1,
          index++,
          Notation.founding(Notation.words("founding window=10 steps=" + stepLimit))
              .toByteString());
    }

    /** Appends in entries of their own, and then more in one; the outcome of the last of all. */
    Outcome enter(List<Append> appends, Append... more) {
      appends.forEach(append -> enterTogether(List.of(append)));
      return more.length == 0 ? last : enterTogether(List.of(more));
    }

    /** Appends in one entry; the outcome of the last. */
    Outcome enterTogether(List<Append> appends, Append... more) {
      AppendBatch.Builder batch = AppendBatch.newBuilder().addAllAppends(appends);
      batch.addAllAppends(List.of(more));
      Command command = Planner.command(batch);
      List<Outcome> outcomes = replica.apply(1, index++, command.toByteString());
      last = outcomes.get(outcomes.size() - 1);
      return last;
    }

    @Override
    public void close() {
      replica.close();
      scratch.close();
    }
  }
}
