package io.varve.statemachine;

import static io.varve.statemachine.TestLog.append;
import static io.varve.statemachine.TestLog.event;
import static io.varve.statemachine.TestLog.scope;
import static io.varve.statemachine.TestLog.tags;
import static io.varve.statemachine.TestLog.when;
import static io.varve.statemachine.TestLog.withId;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.varve.proto.replicated.v1.AppendBatch;
import io.varve.proto.replicated.v1.Command;
import io.varve.proto.replicated.v1.Founding;
import io.varve.proto.v1.Append;
import io.varve.statemachine.store.StoreContents;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is on disk after closing, after a kill, and in a checkpoint. */
class DurabilityTest {

  private static final StoreOptions KILLED = StoreOptions.defaults().withFlushOnClose(false);

  @TempDir private Path directory;

  @Test
  void aKilledStoreReopensAtAnOlderIndexAndReplaysToTheSame() {
    List<ByteString> entries = entries(60);
    Path killed = directory.resolve("killed");
    Path whole = directory.resolve("whole");
    List<List<Outcome>> outcomes = apply(whole, StoreOptions.defaults(), entries);

    LogCore first = LogCore.open(killed, KILLED);
    for (int i = 0; i < entries.size(); i++) {
      first.apply(1, i, entries.get(i));
      if (i == 20) {
        first.checkpoint(directory.resolve("checkpoint")); // Flushes.
      }
    }
    first.close();
    List<List<Outcome>> replayed = new ArrayList<>();
    try (LogCore again = LogCore.open(killed, StoreOptions.defaults())) {
      assertThat(again.appliedIndex()).isEqualTo(20);
      for (int i = 10; i < entries.size(); i++) {
        replayed.add(again.apply(1, i, entries.get(i)));
      }
    }

    assertThat(replayed.subList(0, 11)).allSatisfy(o -> assertThat(o).isEmpty());
    assertThat(replayed.subList(11, replayed.size())).isEqualTo(outcomes.subList(21, 60));
    assertThat(rows(killed)).isEqualTo(rows(whole));
    assertThat(rows(directory.resolve("checkpoint"))).isNotEqualTo(rows(whole));
  }

  @Test
  void aCheckpointOpensAndGoesOnLikeTheOriginal() throws Exception {
    List<ByteString> entries = entries(60);
    Path original = directory.resolve("original");
    Path copy = directory.resolve("copy");
    List<List<Outcome>> expected = new ArrayList<>();
    List<List<Outcome>> actual = new ArrayList<>();
    try (LogCore core = LogCore.open(original, StoreOptions.defaults())) {
      for (int i = 0; i < 30; i++) {
        core.apply(3, i, entries.get(i));
      }
      core.advance(4, 40);
      core.checkpoint(copy);
      for (int i = 30; i < 60; i++) {
        expected.add(core.apply(5, 11 + i, entries.get(i)));
      }
      assertThatThrownBy(() -> core.checkpoint(copy)).isInstanceOf(StoreException.class);
    }

    try (LogCore core = LogCore.open(copy, StoreOptions.defaults())) {
      assertThat(core.appliedTerm()).isEqualTo(4);
      assertThat(core.appliedIndex()).isEqualTo(40);
      for (int i = 30; i < 60; i++) {
        actual.add(core.apply(5, 11 + i, entries.get(i)));
      }
    }

    assertThat(actual).isEqualTo(expected);
    assertThat(rows(copy)).isEqualTo(rows(original));
    assertThat(Files.exists(copy.resolve("CURRENT"))).isTrue();
  }

  @Test
  void cachesAndRestartsNeverChangeAnOutcome() {
    List<ByteString> entries = entries(60);
    StoreOptions hardlyAnyCache = StoreOptions.defaults().withCachedSources(1).withCachedLabels(1);
    Path cached = directory.resolve("cached");
    Path uncached = directory.resolve("uncached");
    Path restarted = directory.resolve("restarted");

    List<List<Outcome>> outcomes = apply(cached, StoreOptions.defaults(), entries);
    List<List<Outcome>> restartedOutcomes = new ArrayList<>();
    for (int i = 0; i < entries.size(); i++) {
      try (LogCore core = LogCore.open(restarted, StoreOptions.defaults())) {
        restartedOutcomes.add(core.apply(1, i, entries.get(i)));
      }
    }

    assertThat(apply(uncached, hardlyAnyCache, entries)).isEqualTo(outcomes);
    assertThat(restartedOutcomes).isEqualTo(outcomes);
    assertThat(rows(uncached)).isEqualTo(rows(cached));
    assertThat(rows(restarted)).isEqualTo(rows(cached));
    Set<Object> kinds = new HashSet<>();
    for (List<Outcome> entry : outcomes) {
      for (Outcome outcome : entry) {
        kinds.add(
            outcome instanceof Outcome.Refused refused
                ? refused.refusal()
                : outcome instanceof Outcome.Appended appended && appended.replayed()
                    ? "replayed"
                    : outcome.getClass());
      }
    }
    assertThat(kinds)
        .as("the commands reach what they are meant to")
        .contains(
            Outcome.Appended.class,
            Outcome.Conflict.class,
            "replayed",
            Outcome.Refusal.SCOPE_TOO_WIDE,
            Outcome.Refusal.APPEND_ID_REUSED,
            Outcome.Refusal.FATE_UNKNOWN);
  }

  @Test
  void aScopeTakesTheSameStepsWhateverIsCached() {
    Append wide = when(append(event("z", "T")), scope(0, tags("even", "third")));
    for (long limit = 0; limit < 24; limit += 3) {
      Outcome fresh;
      Outcome reopened;
      try (TestLog log = TestLog.founded(directory.resolve("limit-" + limit), 10, limit)) {
        for (int i = 1; i <= 20; i++) {
          log.append(
              append(event("s", "T", i % 2 == 0 ? "even" : "odd", i % 3 == 1 ? "third" : "else")));
        }
        fresh = log.appendOne(when(wide, TestLog.mustExist("nobody")));
        log.reopen();
        reopened = log.appendOne(when(wide, TestLog.mustExist("nobody")));
      }
      assertThat(reopened).isEqualTo(fresh);
    }
  }

  @Test
  void aStoreOfAnotherFormatIsRefused() throws Exception {
    Path notAStore = Files.createDirectory(directory.resolve("empty"));

    assertThatThrownBy(() -> StoreContents.open(notAStore, DurabilityTest::malformed))
        .isInstanceOf(StoreException.class);
    try (TestLog log = TestLog.open(directory.resolve("open"))) {
      assertThat(log.reader().head()).isZero();
      assertThatThrownBy(() -> TestLog.open(directory.resolve("open")))
          .isInstanceOf(StoreException.class);
    }
  }

  @Test
  void rowsOfForgottenAppendsAreTrimmedInStretches() {
    int trimmed = 65_536;
    Append filler =
        Append.newBuilder().addAllEvents(Collections.nCopies(4_096, event("filler", "F"))).build();
    Path store = directory.resolve("store");
    try (TestLog log = TestLog.founded(store, 10, 10)) {
      log.append(withId(new UUID(1, 1), 0, append(event("a", "T"))));
      for (int i = 0; i < trimmed / 4_096; i++) {
        log.append(filler);
      }
      log.append(withId(new UUID(1, 2), log.reader().head(), append(event("a", "T"))));
      log.core().checkpoint(directory.resolve("before"));
      log.append(filler);
      log.append(withId(new UUID(1, 3), log.reader().head(), append(event("a", "T"))));
    }

    assertThat(firstPositions(directory.resolve("before"))).containsExactly(1L, trimmed + 2L);
    assertThat(firstPositions(store)).containsExactly(trimmed + 2L, trimmed + 3L + 4_096);
  }

  private static void malformed(String row) {
    throw new AssertionError(row);
  }

  private static List<Long> firstPositions(Path store) {
    List<Long> positions = new ArrayList<>();
    try (StoreContents contents = StoreContents.open(store, DurabilityTest::malformed)) {
      contents.forEachAppend(row -> positions.add(row.firstPosition()));
    }
    return positions;
  }

  private static List<List<Outcome>> apply(
      Path directory, StoreOptions options, List<ByteString> entries) {
    List<List<Outcome>> outcomes = new ArrayList<>();
    try (LogCore core = LogCore.open(directory, options)) {
      for (int i = 0; i < entries.size(); i++) {
        outcomes.add(core.apply(1, i, entries.get(i)));
      }
    }
    return outcomes;
  }

  /** The founding, then random appends. The positions they name are right for a log of that age. */
  private static List<ByteString> entries(int count) {
    RandomCommands random = new RandomCommands(9);
    List<ByteString> entries = new ArrayList<>();
    entries.add(
        command(
            Command.newBuilder()
                .setFounding(
                    Founding.newBuilder()
                        .setLogIdentity(TestLog.IDENTITY)
                        .setDedupWindow(20)
                        .setScopeStepLimit(12))));
    for (int i = 1; i < count; i++) {
      entries.add(
          command(
              Command.newBuilder()
                  .setAppendBatch(
                      AppendBatch.newBuilder()
                          .setRecordedMicros(i % 5 * 1_000L)
                          .setSaltSeed(ByteString.copyFromUtf8("seed " + i))
                          .addAllAppends(Arrays.asList(random.entry(i * 3L))))));
    }
    return entries;
  }

  private static ByteString command(Command.Builder command) {
    return command.setFormat(1).build().toByteString();
  }

  /** Every row of a store but the applied index, which replays and restarts may move. */
  private static List<Object> rows(Path directory) {
    List<Object> rows = new ArrayList<>();
    try (StoreContents contents = StoreContents.open(directory, DurabilityTest::malformed)) {
      rows.add(contents.state().at(0, 0));
      rows.add(contents.settings());
      contents.forEachEvent(rows::add);
      contents.forEachAppend(rows::add);
      contents.forEachSource(rows::add);
      contents.forEachVersion(rows::add);
      contents.forEachLabel(rows::add);
      contents.forEachPosting(rows::add);
      contents.forEachLatest(rows::add);
    }
    return rows;
  }
}
