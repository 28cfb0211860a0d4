package io.varve.client.projections;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.Event;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** An event that cannot be applied stops its source, and nothing else. */
class ParkingTest extends ProjectionTestBase {

  private final Set<Long> bad = ConcurrentHashMap.newKeySet();
  private final AtomicInteger attempts = new AtomicInteger();
  private Database database;

  @BeforeEach
  void openDatabase() {
    database = closeLater(Database.h2());
  }

  private Projection.Builder<Connection> projection() {
    return Projection.builder(name, database.store())
        .filter(filter())
        .retry(QUICK)
        .handler(
            (event, connection) -> {
              Database.note(name, event, connection);
              if (bad.contains(event.position())) {
                attempts.incrementAndGet();
                throw new IllegalStateException("bad\0 event at " + event.position());
              }
            });
  }

  private String source(String short_) {
    return name + "/" + short_;
  }

  private List<String> judge(String... withheld) {
    Set<String> sources = Set.of(withheld);
    return AppliedChecker.check(
        log().stream().filter(event -> !sources.contains(event.source())).toList(),
        database.applied(name));
  }

  @Test
  void onlyTheSourceIsParkedAndOthersGoOn() {
    long failing = append("a");
    bad.add(failing);
    append("b", "a", "c", "a");
    ProjectionRunner<Connection> runner = start(projection().build());
    Applied applied = runner.await(append("b"), PATIENCE);

    assertThat(applied.parked()).containsExactly(source("a"));
    assertThat(judge(source("a"))).isEmpty();
    assertThat(attempts).as("attempts: one, and a retry policy's").hasValueBetween(3, 4);
    ParkedSource parked = runner.parked().get(0);
    assertThat(parked.source()).isEqualTo(source("a"));
    assertThat(parked.firstPosition()).isEqualTo(failing);
    assertThat(parked.events()).isEqualTo(3);
    assertThat(parked.error()).contains("event at " + failing);
    assertThat(parked.action()).isEqualTo(ParkedAction.NONE);
    assertThat(runner.metrics().parkedSources()).isEqualTo(1);
    assertThat(runner.metrics().parked()).isEqualTo(3);
    assertThat(runner.metrics().retried()).isGreaterThanOrEqualTo(2);
  }

  @Test
  void aResumedSourceIsReplayedInOrderFromTheLog() {
    bad.add(append("a"));
    append("a", "b");
    ProjectionRunner<Connection> first = start(projection().build());
    first.await(append("a"), PATIENCE);
    first.close();
    long later = append("a", "b");

    // Another process, which knows of it only from the store.
    ProjectionRunner<Connection> runner = start(projection().build());
    assertThat(runner.await(later, PATIENCE).parked()).containsExactly(source("a"));
    assertThat(runner.parked().get(0).events()).isEqualTo(4);
    bad.clear();
    assertThat(runner.resume(source("a"))).isTrue();
    Eventually.until("nothing to be parked", () -> runner.parked().isEmpty());
    assertThat(runner.await(append("a"), PATIENCE).parked()).isEmpty();
    assertThat(judge()).isEmpty();
    assertThat(runner.resume(source("a"))).as("it is not parked any more").isFalse();
  }

  @Test
  void aSourceWithMoreThanOneSliceIsReplayedWhileOthersGoOn() {
    bad.add(append("a"));
    String[] many = new String[250];
    java.util.Arrays.fill(many, "a");
    append(many);
    ProjectionRunner<Connection> runner = start(projection().build());
    runner.await(append("b"), PATIENCE);
    bad.clear();
    runner.resume(source("a"));
    long last = 0;
    for (int i = 0; i < 20; i++) {
      last = append("a", "b");
    }
    Eventually.until("nothing to be parked", () -> runner.parked().isEmpty());
    runner.await(last, PATIENCE);
    assertThat(judge()).isEmpty();
  }

  @Test
  void whatFailsAgainStaysParkedFromThereOn() {
    bad.add(append("a"));
    long second = append("a");
    ProjectionRunner<Connection> runner = start(projection().build());
    runner.await(append("a"), PATIENCE);
    bad.clear();
    bad.add(second);
    runner.resume(source("a"));
    Eventually.until(
        "the second to have failed",
        () ->
            runner.parked().get(0).firstPosition() == second
                && runner.parked().get(0).action() == ParkedAction.NONE);
    assertThat(runner.parked().get(0).error()).contains("event at " + second);
    assertThat(runner.parked().get(0).events()).isEqualTo(2);
    assertThat(database.positions(name)).containsExactly(logPositions().get(0));
    bad.clear();
    runner.resume(source("a"));
    Eventually.until("nothing to be parked", () -> runner.parked().isEmpty());
    assertThat(judge()).isEmpty();
  }

  @Test
  void theFailedEventCanBeSkipped() {
    long failing = append("a");
    bad.add(failing);
    ProjectionRunner<Connection> runner = start(projection().build());
    long last = append("a", "a");
    runner.await(last, PATIENCE);
    assertThat(runner.skipEvent(source("a"))).isTrue();
    Eventually.until("nothing to be parked", () -> runner.parked().isEmpty());
    assertThat(runner.await(last, PATIENCE).parked()).isEmpty();
    assertThat(database.positions(name)).containsExactly(last - 1, last);
    assertThat(runner.metrics().skipped()).isEqualTo(1);
  }

  @Test
  void everythingParkedCanBeSkipped() {
    bad.add(append("a"));
    ProjectionRunner<Connection> runner = start(projection().build());
    runner.await(append("a", "a"), PATIENCE);
    assertThat(runner.skipAll(source("a"))).isTrue();
    Eventually.until("nothing to be parked", () -> runner.parked().isEmpty());
    long last = append("a");
    assertThat(runner.await(last, PATIENCE).parked()).isEmpty();
    assertThat(database.positions(name)).containsExactly(last);
    assertThat(runner.metrics().skipped()).isEqualTo(3);
  }

  @Test
  void nothingIsParkedBeyondTheBoundAndNothingIsLost() {
    bad.add(append("a"));
    bad.add(append("b"));
    ProjectionRunner<Connection> runner = start(projection().maxParkedSources(1).build());
    long last = append("c");
    Eventually.until("the partition to be blocked", () -> runner.metrics().blocked() == 1);
    assertThat(database.positions(name)).doesNotContain(last);
    assertThat(runner.parked()).hasSize(1);

    bad.clear();
    runner.resume(source("a"));
    runner.await(last, PATIENCE);
    Eventually.until("nothing to be parked", () -> runner.parked().isEmpty());
    assertThat(runner.metrics().blocked()).isZero();
    assertThat(judge()).isEmpty();
  }

  @Test
  void noMoreEventsOfASourceAreParkedThanMayBe() {
    bad.add(append("a"));
    ProjectionRunner<Connection> runner = start(projection().maxParkedEvents(2).build());
    append("a");
    long third = append("a");
    Eventually.until("the partition to be blocked", () -> runner.metrics().blocked() == 1);
    assertThat(runner.parked().get(0).events()).isEqualTo(2);
    bad.clear();
    runner.resume(source("a"));
    runner.await(third, PATIENCE);
    Eventually.until("nothing to be parked", () -> runner.parked().isEmpty());
    assertThat(judge()).isEmpty();
  }

  @Test
  void aDatabaseThatIsAwayParksNothing() {
    AtomicBoolean away = new AtomicBoolean(true);
    ProjectionRunner<Connection> runner =
        start(
            projection()
                .handler(
                    (event, connection) -> {
                      Database.note(name, event, connection);
                      if (away.get()) {
                        attempts.incrementAndGet();
                        throw new SQLException("the server is shutting down", "57P01");
                      }
                    })
                .build());
    long last = append("a", "b");
    Eventually.until("more attempts than count for an event", () -> attempts.get() > 8);
    assertThat(runner.parked()).isEmpty();
    away.set(false);
    assertThat(runner.await(last, PATIENCE).parked()).isEmpty();
    assertThat(judge()).isEmpty();
  }

  @Test
  void anErrorOfTheHandlersParksLikeAnException() {
    Projection<Connection> projection =
        projection()
            .handler(
                (event, connection) -> {
                  throw new AssertionError("no exception at all");
                })
            .build();
    ProjectionRunner<Connection> runner = start(projection);
    runner.await(append("a"), PATIENCE);
    assertThat(runner.parked())
        .extracting(ParkedSource::error)
        .first()
        .asString()
        .contains("no exc");
  }

  @Test
  void parkingIsDurableWithoutATransactionToo() {
    Set<Event> seen = ConcurrentHashMap.newKeySet();
    MemoryCheckpointStore store = new MemoryCheckpointStore();
    Projection<NoTransaction> projection =
        Projection.builder(name, store)
            .filter(filter())
            .retry(QUICK)
            .handler(
                (EventHandler)
                    event -> {
                      if (bad.contains(event.position())) {
                        throw new IllegalStateException("bad");
                      }
                      seen.add(event);
                    })
            .build();
    append("b");
    bad.add(append("a"));
    try (ProjectionRunner<NoTransaction> runner = ProjectionRunner.start(client, projection)) {
      assertThat(runner.await(append("a", "b"), PATIENCE).parked()).containsExactly(source("a"));
    }
    assertThat(seen).extracting(Event::source).containsOnly(source("b"));
    bad.clear();
    ProjectionRunner<NoTransaction> runner = start(projection);
    runner.resume(source("a"));
    Eventually.until("nothing to be parked", () -> runner.parked().isEmpty());
    assertThat(seen)
        .extracting(Event::position)
        .containsExactlyInAnyOrderElementsOf(logPositions());
  }
}
