package io.varve.node.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.varve.node.cluster.Replicator.NotAppendedException;
import io.varve.node.cluster.Replicator.OutcomeUnknownException;
import io.varve.node.metrics.ExpositionCheck;
import io.varve.node.metrics.Metrics;
import io.varve.node.pipeline.PipelineAnswer.Decided;
import io.varve.node.pipeline.PipelineAnswer.NotAppended;
import io.varve.node.pipeline.PipelineAnswer.Reason;
import io.varve.node.pipeline.PipelineAnswer.Unknown;
import io.varve.proto.v1.ConcurrencyScope;
import io.varve.proto.v1.Condition;
import io.varve.proto.v1.ExpectedVersion;
import io.varve.statemachine.Outcome;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class AppendPipelineTest {

  private static final byte[] SALT = new byte[16];
  private static final Instant NOW = Instant.parse("2026-11-21T10:11:12.345678Z");

  private final GatedReplicator raft = new GatedReplicator();
  private final AtomicLong nanoTime = new AtomicLong(1_000_000);
  private final PipelineOptions options =
      PipelineOptions.defaults()
          .withMaxInFlight(1)
          .withOutside(InstantSource.fixed(NOW), System::nanoTime, SALT::clone);
  private AppendPipeline pipeline = AppendPipeline.start(raft, options);

  @AfterEach
  void close() {
    pipeline.close();
  }

  private void restart(PipelineOptions changed) {
    pipeline.close();
    pipeline = AppendPipeline.start(raft, changed);
  }

  /** With a clock that stands still until the test moves it. */
  private PipelineOptions withOwnTime() {
    return options.withOutside(InstantSource.fixed(NOW), nanoTime::get, SALT::clone);
  }

  private List<TestAppend> submit(String... names) {
    List<TestAppend> appends = new ArrayList<>();
    for (String name : names) {
      TestAppend append = TestAppend.named(name);
      appends.add(append);
      pipeline.submit(append);
    }
    return appends;
  }

  private static void await(BooleanSupplier condition) throws InterruptedException {
    while (!condition.getAsBoolean()) {
      Thread.sleep(1);
    }
  }

  @Test
  void aLoneAppendGoesAtOnce() throws Exception {
    TestAppend append = submit("a").get(0);
    GatedReplicator.Entry entry = raft.take();
    assertThat(entry.names()).containsExactly("a");
    assertThat(append.isAnswered()).isFalse();
    entry.land();
    assertThat(append.answer())
        .isEqualTo(new Decided(new Outcome.Appended(1, 1, List.of(), 0, false)));
  }

  @Test
  void everyAnswerIsCountedOnceAsWhatItIs() throws Exception {
    Metrics metrics = new Metrics();
    pipeline.close();
    pipeline = AppendPipeline.start(raft, options.withQueue(3, 1 << 20), metrics);

    List<TestAppend> decided = submit("a");
    GatedReplicator.Entry entry = raft.take();
    decided.addAll(submit("b", "c", "d"));
    TestAppend tooMany = submit("e").get(0);
    entry.outcomes().complete(List.of(new Outcome.Appended(1, 1, List.of(), 0, false)));
    GatedReplicator.Entry second = raft.take();
    Condition version = Condition.newBuilder().setExpectedVersion(any()).build();
    Condition scope =
        Condition.newBuilder().setConcurrencyScope(ConcurrencyScope.getDefaultInstance()).build();
    second
        .outcomes()
        .complete(
            List.of(
                new Outcome.Appended(1, 1, List.of(), 0, true),
                new Outcome.Conflict(
                    List.of(
                        new Outcome.FailedCondition(0, version, 1, Optional.empty()),
                        new Outcome.FailedCondition(1, scope, 0, Optional.empty()))),
                new Outcome.Refused(Outcome.Refusal.SCOPE_TOO_WIDE, "", "")));
    for (TestAppend append : decided) {
      append.answer();
    }
    tooMany.answer();
    TestAppend lost = submit("f").get(0);
    raft.take().fail(new IllegalStateException("lost"));
    lost.answer();
    raft.setLeads(false);
    submit("g").get(0).answer();
    pipeline.close();

    ExpositionCheck shown = ExpositionCheck.of(metrics.text());
    for (String outcome :
        List.of("appended", "replayed", "conflict", "refused", "overloaded", "unknown")) {
      assertThat(shown.value("varve_appends_total{outcome=\"" + outcome + "\"}"))
          .as(outcome)
          .isEqualTo(1);
    }
    assertThat(shown.value("varve_appends_total{outcome=\"not_leader\"}")).isEqualTo(1);
    assertThat(shown.value("varve_appends_total{outcome=\"closed\"}")).isZero();
    assertThat(shown.value("varve_append_conditions_failed_total{kind=\"expected_version\"}"))
        .isEqualTo(1);
    assertThat(shown.value("varve_append_conditions_failed_total{kind=\"concurrency_scope\"}"))
        .isEqualTo(1);
    assertThat(shown.value("varve_append_refusals_total{refusal=\"scope_too_wide\"}")).isEqualTo(1);
    assertThat(shown.value("varve_append_entries_total{result=\"applied\"}")).isEqualTo(2);
    assertThat(shown.value("varve_append_entries_total{result=\"failed\"}")).isEqualTo(1);
    assertThat(shown.value("varve_append_seconds_count")).isEqualTo(4);
    assertThat(shown.value("varve_append_entry_appends_sum")).isEqualTo(5);
    assertThat(shown.value("varve_append_entries_in_flight")).isZero();
  }

  private static ExpectedVersion any() {
    return ExpectedVersion.newBuilder().setSource("s").setExactly(0).build();
  }

  @Test
  void entriesAreStampedWithTimeAndSalt() throws Exception {
    submit("a");
    GatedReplicator.Entry entry = raft.take();
    assertThat(entry.command().getFormat()).isEqualTo(1);
    assertThat(entry.command().getAppendBatch().getRecordedMicros())
        .isEqualTo(1_795_255_872_345_678L);
    assertThat(entry.command().getAppendBatch().getSaltSeed()).isEqualTo(ByteString.copyFrom(SALT));
    entry.land();
  }

  @Test
  void whateverHasQueuedMeanwhileIsTheNextEntryInOrder() throws Exception {
    submit("a");
    GatedReplicator.Entry first = raft.take();
    List<TestAppend> later = submit("b", "c", "d");
    assertThat(raft.untaken()).isZero();
    first.land();
    GatedReplicator.Entry second = raft.take();
    assertThat(second.names()).containsExactly("b", "c", "d");
    second.land();
    for (int i = 0; i < later.size(); i++) {
      assertThat(later.get(i).answer())
          .isEqualTo(new Decided(new Outcome.Appended(i + 1, i + 1, List.of(), 0, false)));
    }
  }

  @Test
  void severalEntriesMayBeInFlightButNoMoreThanTheBound() throws Exception {
    restart(options.withMaxInFlight(2));
    submit("a");
    GatedReplicator.Entry first = raft.take();
    submit("b");
    GatedReplicator.Entry second = raft.take();
    submit("c");
    submit("d");
    await(() -> pipeline.queued() == 2);
    assertThat(raft.untaken()).isZero();
    second.land();
    GatedReplicator.Entry third = raft.take();
    assertThat(third.names()).containsExactly("c", "d");
    first.land();
    third.land();
  }

  @Test
  void anEntryHoldsNoMoreAppendsThanTheBound() throws Exception {
    submit("first");
    GatedReplicator.Entry first = raft.take();
    List<String> names =
        IntStream.range(0, options.maxEntryAppends() + 1).mapToObj(i -> "n" + i).toList();
    submit(names.toArray(String[]::new));
    first.land();
    GatedReplicator.Entry second = raft.take();
    assertThat(second.names()).isEqualTo(names.subList(0, options.maxEntryAppends()));
    second.land();
    GatedReplicator.Entry third = raft.take();
    assertThat(third.names()).containsExactly("n" + options.maxEntryAppends());
    third.land();
  }

  @Test
  void anEntryHoldsNoMoreBytesThanTheBoundAndALargerAppendGoesAlone() throws Exception {
    submit("first");
    GatedReplicator.Entry first = raft.take();
    int third = options.maxEntryBytes() / 3;
    for (String name : List.of("a", "b", "c")) {
      pipeline.submit(TestAppend.sized(name, third));
    }
    pipeline.submit(TestAppend.sized("large", 2 * options.maxEntryBytes()));
    pipeline.submit(TestAppend.named("d"));
    first.land();
    // Three times a third of the bound, with their labels, is a little too much for one entry.
    for (List<String> expected :
        List.of(List.of("a", "b"), List.of("c"), List.of("large"), List.of("d"))) {
      GatedReplicator.Entry entry = raft.take();
      assertThat(entry.names()).isEqualTo(expected);
      entry.land();
    }
  }

  @Test
  void aFullQueueRefusesByNumber() throws Exception {
    restart(options.withQueue(2, 1 << 20));
    submit("in flight");
    GatedReplicator.Entry first = raft.take();
    List<TestAppend> appends = submit("a", "b", "c");
    assertThat(appends.get(2).answer())
        .isInstanceOfSatisfying(
            NotAppended.class,
            refused -> {
              assertThat(refused.reason()).isEqualTo(Reason.OVERLOADED);
              assertThat(refused.message()).contains("2 appends").contains("1048576 bytes");
            });
    first.land();
    GatedReplicator.Entry second = raft.take();
    assertThat(second.names()).containsExactly("a", "b");
    // What left the queue makes room.
    submit("d");
    second.land();
    GatedReplicator.Entry third = raft.take();
    assertThat(third.names()).containsExactly("d");
    third.land();
  }

  @Test
  void aFullQueueRefusesByBytesButLetsOneLargeAppendIn() throws Exception {
    restart(options.withQueue(100, 1_000));
    submit("in flight");
    GatedReplicator.Entry first = raft.take();
    pipeline.submit(TestAppend.sized("large", 5_000));
    TestAppend refused = submit("small").get(0);
    assertThat(refused.answer())
        .isInstanceOfSatisfying(
            NotAppended.class, answer -> assertThat(answer.reason()).isEqualTo(Reason.OVERLOADED));
    first.land();
    GatedReplicator.Entry second = raft.take();
    assertThat(second.names()).containsExactly("large");
    second.land();
  }

  @Test
  void anAppendThatExpiresInTheQueueIsAnsweredAndNeverHandedOver() throws Exception {
    restart(withOwnTime());
    pipeline.submit(new TestAppend("in flight", 1, Long.MAX_VALUE / 2));
    GatedReplicator.Entry first = raft.take();
    TestAppend expiring = new TestAppend("expiring", 1, nanoTime.get() + 1_000);
    TestAppend patient = new TestAppend("patient", 1, Long.MAX_VALUE / 2);
    pipeline.submit(expiring);
    pipeline.submit(patient);
    nanoTime.addAndGet(Duration.ofSeconds(1).toNanos());
    // Answered while the pipe is stuck, not only when it moves again.
    assertThat(expiring.answer())
        .isInstanceOfSatisfying(
            NotAppended.class,
            answer -> assertThat(answer.reason()).isEqualTo(Reason.DEADLINE_EXCEEDED));
    first.land();
    GatedReplicator.Entry second = raft.take();
    assertThat(second.names()).containsExactly("patient");
    second.land();
  }

  @Test
  void anAppendWhoseDeadlinePassesInFlightIsUnknownAndItsNeighboursAreNot() throws Exception {
    restart(withOwnTime());
    pipeline.submit(new TestAppend("first", 1, Long.MAX_VALUE / 2));
    GatedReplicator.Entry first = raft.take();
    TestAppend expiring = new TestAppend("expiring", 1, nanoTime.get() + 1_000);
    TestAppend patient = new TestAppend("patient", 1, Long.MAX_VALUE / 2);
    pipeline.submit(patient);
    pipeline.submit(expiring);
    first.land();
    GatedReplicator.Entry second = raft.take();
    nanoTime.addAndGet(Duration.ofSeconds(1).toNanos());
    assertThat(expiring.answer()).isInstanceOf(Unknown.class);
    assertThat(patient.isAnswered()).isFalse();
    second.land();
    assertThat(patient.answer()).isInstanceOf(Decided.class);
  }

  @Test
  void aWithdrawnAppendIsNeitherHandedOverNorAnswered() throws Exception {
    submit("first");
    GatedReplicator.Entry first = raft.take();
    List<TestAppend> appends = submit("a", "b");
    assertThat(appends.get(0).withdraw()).isTrue();
    first.land();
    GatedReplicator.Entry second = raft.take();
    assertThat(second.names()).containsExactly("b");
    assertThat(appends.get(1).withdraw()).isFalse();
    second.land();
    assertThat(appends.get(1).answer()).isInstanceOf(Decided.class);
    assertThat(appends.get(0).isAnswered()).isFalse();
  }

  @Test
  void queuedAppendsAreNotAppendedWhenLeadershipIsLostEvenIfThePipeIsStuck() throws Exception {
    TestAppend handedOver = submit("handed over").get(0);
    GatedReplicator.Entry entry = raft.take();
    List<TestAppend> queued = submit("a", "b");
    raft.setLeads(false);
    for (TestAppend append : queued) {
      assertThat(append.answer())
          .isInstanceOfSatisfying(
              NotAppended.class,
              answer -> assertThat(answer.reason()).isEqualTo(Reason.NOT_LEADER));
    }
    assertThat(handedOver.isAnswered()).isFalse();
    entry.fail(new OutcomeUnknownException("stepped down", new RuntimeException()));
    assertThat(handedOver.answer()).isEqualTo(new Unknown("stepped down"));
    assertThat(raft.untaken()).isZero();
  }

  @Test
  void nothingQueuedOvertakesAnEntryThatFailed() throws Exception {
    TestAppend failing = submit("failing").get(0);
    GatedReplicator.Entry entry = raft.take();
    TestAppend behind = submit("behind").get(0);
    entry.fail(new OutcomeUnknownException("lost", new RuntimeException()));
    assertThat(failing.answer()).isInstanceOf(Unknown.class);
    assertThat(behind.answer()).isInstanceOf(NotAppended.class);
    assertThat(raft.untaken()).isZero();
    // The pipeline goes on.
    TestAppend next = submit("next").get(0);
    raft.take().land();
    assertThat(next.answer()).isInstanceOf(Decided.class);
  }

  @Test
  void onlyACertainFailureIsNotAppended() throws Exception {
    TestAppend refused = submit("refused").get(0);
    raft.take().fail(new NotAppendedException("not the leader"));
    assertThat(refused.answer()).isEqualTo(new NotAppended(Reason.NOT_LEADER, "not the leader"));
    TestAppend broken = submit("broken").get(0);
    raft.take().fail(new IllegalStateException("anything else"));
    assertThat(broken.answer()).isEqualTo(new Unknown("anything else"));
    TestAppend short1 = submit("short").get(0);
    raft.take().outcomes().complete(List.of());
    assertThat(short1.answer()).isInstanceOf(Unknown.class);
  }

  @Test
  void theCommitIsAnnouncedOnlyWhenThePipeFallsIdle() throws Exception {
    submit("a");
    GatedReplicator.Entry first = raft.take();
    TestAppend last = submit("b").get(0);
    first.land();
    GatedReplicator.Entry second = raft.take();
    assertThat(raft.announcements()).isZero();
    second.land();
    last.answer();
    await(() -> raft.announcements() == 1);
  }

  @Test
  void closingAnswersEverything() throws Exception {
    TestAppend handedOver = submit("handed over").get(0);
    raft.take();
    TestAppend queued = submit("queued").get(0);
    pipeline.close();
    assertThat(queued.answer())
        .isInstanceOfSatisfying(
            NotAppended.class, answer -> assertThat(answer.reason()).isEqualTo(Reason.CLOSED));
    assertThat(handedOver.answer()).isInstanceOf(Unknown.class);
    TestAppend late = submit("late").get(0);
    assertThat(late.answer()).isInstanceOf(NotAppended.class);
  }

  @Test
  void closingWaitsForWhatIsInFlight() throws Exception {
    TestAppend handedOver = submit("handed over").get(0);
    GatedReplicator.Entry entry = raft.take();
    TestAppend queued = submit("queued").get(0);
    Thread closer = new Thread(() -> pipeline.close(Duration.ofMinutes(1)));
    closer.start();
    queued.answer(); // so the close has begun
    entry.land();
    assertThat(handedOver.answer()).isInstanceOf(Decided.class);
    closer.join();
  }
}
