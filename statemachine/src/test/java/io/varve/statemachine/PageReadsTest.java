package io.varve.statemachine;

import static io.varve.statemachine.TestLog.append;
import static io.varve.statemachine.TestLog.event;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.varve.proto.v1.NewEvent;
import io.varve.statemachine.SourcePage.ListedSource;
import io.varve.statemachine.store.StoreContents;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reads that answer in pages, and the single answers beside them. */
class PageReadsTest {

  private static final long ALL_BYTES = Long.MAX_VALUE;

  @TempDir private Path directory;

  // ---- Newest event per key

  @Test
  void latestIsTheNewestPositionOfEachKey() {
    try (TestLog log = TestLog.founded(directory)) {
      log.append(append(set("s", "b", 1), set("s", "a", 2), set("other", "a", 3)));
      log.append(append(set("s", "b", 4), event("s", "Keyless")));

      LatestPage page = log.reader().latest("s", "", "", 10, ALL_BYTES);

      assertThat(keysAndPositions(page)).containsExactly("a@2", "b@4");
      assertThat(page.lastKey()).isEmpty();
    }
  }

  @Test
  void latestLeavesTombstonedKeysOutUntilTheyAreSetAgain() {
    try (TestLog log = TestLog.founded(directory)) {
      log.append(append(set("s", "a", 1), set("s", "b", 2), unset("s", "a")));
      assertThat(keysAndPositions(log.reader().latest("s", "", "", 10, ALL_BYTES)))
          .containsExactly("b@2");

      log.append(append(set("s", "a", 4)));
      assertThat(keysAndPositions(log.reader().latest("s", "", "", 10, ALL_BYTES)))
          .containsExactly("a@4", "b@2");
    }
  }

  @Test
  void latestPagesEndAfterTombstonesToo() {
    try (TestLog log = TestLog.founded(directory)) {
      log.append(append(set("s", "a", 1), set("s", "b", 2), set("s", "c", 3), unset("s", "b")));

      LatestPage first = log.reader().latest("s", "", "", 1, ALL_BYTES);
      LatestPage second = log.reader().latest("s", "", "a", 1, ALL_BYTES);

      assertThat(keysAndPositions(first)).containsExactly("a@1");
      assertThat(first.lastKey()).contains("a");
      assertThat(keysAndPositions(second)).containsExactly("c@3");
      assertThat(second.lastKey()).isEmpty();
    }
  }

  @Test
  void aPageLooksAtABoundedNumberOfKeys() {
    try (TestLog log = TestLog.founded(directory)) {
      int keys = 10_003;
      for (int from = 0; from < keys; from += 1_000) {
        List<NewEvent> tombstones = new ArrayList<>();
        for (int i = from; i < Math.min(keys, from + 1_000); i++) {
          tombstones.add(unset("s", "k%05d".formatted(i)));
        }
        log.append(append(tombstones.toArray(new NewEvent[0])));
      }
      log.append(append(set("s", "z", 1)));

      LatestPage page = log.reader().latest("s", "", "", 10, ALL_BYTES);
      assertThat(page.events()).isEmpty();
      assertThat(page.lastKey()).contains("k09999");
      LatestPage rest = log.reader().latest("s", "", "k09999", 10, ALL_BYTES);
      assertThat(keysAndPositions(rest)).containsExactly("z@" + (keys + 1));
      assertThat(rest.lastKey()).isEmpty();
    }
  }

  @Test
  void latestIsBoundedByBytesButNeverStuck() {
    try (TestLog log = TestLog.founded(directory)) {
      NewEvent large =
          set("s", "a", 0).toBuilder()
              .setData(ByteString.copyFrom(new byte[600]))
              .setMetadata(ByteString.copyFrom(new byte[500]))
              .build();
      log.append(append(large, large.toBuilder().setKey("b").build(), set("s", "c", 1)));

      LatestPage page = log.reader().latest("s", "", "", 10, 1_000);
      assertThat(keysAndPositions(page)).containsExactly("a@1");
      assertThat(page.lastKey()).contains("a");
      assertThat(keysAndPositions(log.reader().latest("s", "", "a", 10, 1_101)))
          .containsExactly("b@2", "c@3");
    }
  }

  @Test
  void latestGoesByPrefixAndByTheBytesOfTheKeys() {
    try (TestLog log = TestLog.founded(directory)) {
      // By its bytes U+1F600 comes after U+FFFD; by Java's chars it comes before.
      String grin = "x\uD83D\uDE00";
      log.append(
          append(set("s", grin, 1), set("s", "x\uFFFD", 2), set("s", "x", 3), set("s", "w", 4)));
      log.append(append(set("s", "y", 5), set("s", "xé", 6)));

      assertThat(keysAndPositions(log.reader().latest("s", "x", "", 10, ALL_BYTES)))
          .containsExactly("x@3", "xé@6", "x\uFFFD@2", grin + "@1");
      assertThat(keysAndPositions(log.reader().latest("s", "x", "x", 10, ALL_BYTES)))
          .containsExactly("xé@6", "x\uFFFD@2", grin + "@1");
      assertThat(keysAndPositions(log.reader().latest("s", "x", "a", 10, ALL_BYTES))).hasSize(4);
      assertThat(keysAndPositions(log.reader().latest("s", "x", "y", 10, ALL_BYTES))).isEmpty();
      assertThat(log.reader().latest("nobody", "", "", 10, ALL_BYTES))
          .isEqualTo(new LatestPage(List.of(), Optional.empty()));
    }
  }

  @Test
  void whatLatestShowsIsNeverNewerThanTheHeadAskedAfterwards() throws Exception {
    int entries = 3_000;
    try (TestLog log = TestLog.founded(directory)) {
      log.append(append(set("s", "k0", 0)));
      CompletableFuture<Void> writing =
          CompletableFuture.runAsync(
              () -> {
                for (int i = 1; i <= entries; i++) {
                  log.append(append(set("s", "k" + i % 3, i)));
                }
              });
      long newest = 0;
      while (newest <= entries && !writing.isCompletedExceptionally()) {
        LatestPage page = log.reader().latest("s", "", "", 10, ALL_BYTES);
        long shown = page.events().stream().mapToLong(StoredEvent::position).max().orElseThrow();
        assertThat(shown).isBetween(newest, log.reader().head());
        newest = shown;
      }
      writing.get(1, TimeUnit.MINUTES);
    }
  }

  // ---- Sources

  @Test
  void sourcesAreListedByPrefixInPages() {
    try (TestLog log = TestLog.founded(directory)) {
      log.append(append(event("b", "T"), event("ab", "T"), event("aa", "T"), event("a", "T")));
      log.append(append(event("aa", "T")));

      LogReader reader = log.reader();
      assertThat(reader.sources("", "", 10))
          .isEqualTo(
              new SourcePage(
                  List.of(
                      new ListedSource("a", 1, 4),
                      new ListedSource("aa", 2, 5),
                      new ListedSource("ab", 1, 2),
                      new ListedSource("b", 1, 1)),
                  false));
      assertThat(reader.sources("a", "", 2))
          .isEqualTo(
              new SourcePage(
                  List.of(new ListedSource("a", 1, 4), new ListedSource("aa", 2, 5)), true));
      assertThat(reader.sources("a", "aa", 2))
          .isEqualTo(new SourcePage(List.of(new ListedSource("ab", 1, 2)), false));
      assertThat(reader.sources("c", "", 2)).isEqualTo(new SourcePage(List.of(), false));
      assertThatThrownBy(() -> reader.sources("", "", 0))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  // ---- Position at a time

  @Test
  void positionAtATimeIsTheNewestRecordedByThen() {
    try (TestLog log = TestLog.founded(directory)) {
      assertThat(log.reader().positionAt(Long.MAX_VALUE)).isZero();
      log.append(100, append(event("a", "T"), event("a", "T")));
      log.append(50, append(event("a", "T")));
      log.append(200, append(event("a", "T")));
      log.append(300, append(event("a", "T")));

      Function<Long, Long> at = log.reader()::positionAt;
      assertThat(at.apply(-1L)).isZero();
      assertThat(at.apply(99L)).isZero();
      assertThat(at.apply(100L)).isEqualTo(3);
      assertThat(at.apply(199L)).isEqualTo(3);
      assertThat(at.apply(200L)).isEqualTo(4);
      assertThat(at.apply(299L)).isEqualTo(4);
      assertThat(at.apply(300L)).isEqualTo(5);
      assertThat(at.apply(Long.MAX_VALUE)).isEqualTo(5);
    }
  }

  // ---- Chain hash

  @Test
  void chainHashesAreWhatTheFormatSays() throws NoSuchAlgorithmException {
    Path copy = directory.resolve("copy");
    try (TestLog log = TestLog.founded(directory.resolve("store"))) {
      while (log.reader().head() < 2_100) {
        log.append(append(event("a", "T"), set("b", "k", 1)), append(event("c", "T", "x")));
      }
      log.core().checkpoint(copy);
      Map<Long, ByteString> expected = chain(copy);
      LogReader reader = log.reader();
      for (long at : new long[] {0, 1, 2, 1_023, 1_024, 1_025, 2_047, 2_048, 2_049, 2_099}) {
        assertThat(reader.chainHash(at)).as("at %d", at).contains(expected.get(at));
      }
      assertThat(reader.chainHash(reader.head())).contains(expected.get(reader.head()));
      assertThat(reader.chainHash(reader.head() + 1)).isEmpty();
      assertThat(reader.chainHash(-1)).isEmpty();
    }
  }

  private static Map<Long, ByteString> chain(Path store) throws NoSuchAlgorithmException {
    MessageDigest sha = MessageDigest.getInstance("SHA-256");
    List<ByteString> hashes = new ArrayList<>(List.of(ByteString.copyFrom(new byte[32])));
    try (StoreContents contents = StoreContents.open(store, problem -> {})) {
      contents.forEachEvent(
          event -> {
            byte[] content = sha.digest(event.salt().concat(event.payload()).toByteArray());
            sha.update(hashes.get(hashes.size() - 1).toByteArray());
            sha.update(event.header().toByteArray());
            hashes.add(ByteString.copyFrom(sha.digest(content)));
          });
    }
    return LongStream.range(0, hashes.size())
        .boxed()
        .collect(Collectors.toMap(at -> at, at -> hashes.get(at.intValue())));
  }

  // ---- Statistics

  @Test
  void statisticsSayWhatTheStoreHolds() {
    StoreOptions options = StoreOptions.defaults().withBlockCacheBytes(4 << 20);
    try (TestLog log = TestLog.open(directory, options)) {
      log.found(1_000, 1_000);
      for (int i = 0; i < 200; i++) {
        log.append(append(event("source-" + i, "T")));
      }
      StoreStatistics before = log.reader().statistics();
      assertThat(before.memtableBytes()).isPositive();
      assertThat(before.memtableCapacityBytes()).isEqualTo(options.writeBufferBytes());
      assertThat(before.sstBytes()).isZero();

      log.reopen(); // Flushes.
      TestLog.positions(log.reader().log(1, LogReader.Direction.FORWARD));
      TestLog.positions(log.reader().log(1, LogReader.Direction.FORWARD));
      StoreStatistics after = log.reader().statistics();
      assertThat(after.blockCacheCapacityBytes()).isEqualTo(4 << 20);
      assertThat(after.blockCacheBytes()).isPositive();
      assertThat(after.blockCacheMisses()).isPositive();
      assertThat(after.blockCacheHits()).isPositive();
      assertThat(after.writesStopped()).isFalse();
      assertThat(after.delayedWriteBytesPerSecond()).isZero();
      assertThat(after.pendingCompactionBytes()).isNotNegative();
      assertThat(after.runningFlushes()).isZero();
      assertThat(after.runningCompactions()).isZero();
      assertThat(after.columnFamilies())
          .extracting(StoreStatistics.ColumnFamily::name)
          .containsExactly(
              "events",
              "appends",
              "sources",
              "by_source",
              "names",
              "labels",
              "latest",
              "origins",
              "by_origin",
              "meta");
      StoreStatistics.ColumnFamily sources = after.columnFamilies().get(2);
      assertThat(sources.estimatedKeys()).isEqualTo(200);
      assertThat(sources.sstBytes()).isPositive();
      assertThat(after.sstBytes())
          .isEqualTo(
              after.columnFamilies().stream()
                  .mapToLong(StoreStatistics.ColumnFamily::sstBytes)
                  .sum());
    }
  }

  @Test
  void nothingIsReadFromAClosedLog() {
    TestLog log = TestLog.founded(directory);
    LogReader reader = log.reader();
    log.close();
    assertThatThrownBy(() -> reader.latest("a", "", "", 1, 1))
        .isInstanceOf(LogClosedException.class);
    assertThatThrownBy(() -> reader.sources("", "", 1)).isInstanceOf(LogClosedException.class);
    assertThatThrownBy(() -> reader.lastSequence("c", "b")).isInstanceOf(LogClosedException.class);
    assertThatThrownBy(reader::statistics).isInstanceOf(LogClosedException.class);
  }

  private static List<String> keysAndPositions(LatestPage page) {
    return page.events().stream().map(event -> event.key() + "@" + event.position()).toList();
  }

  private static NewEvent set(String source, String key, int value) {
    return event(source, "Set").toBuilder()
        .setKey(key)
        .setData(ByteString.copyFrom(("" + value).getBytes(StandardCharsets.UTF_8)))
        .build();
  }

  private static NewEvent unset(String source, String key) {
    return event(source, "Unset").toBuilder().setKey(key).setTombstone(true).build();
  }
}
