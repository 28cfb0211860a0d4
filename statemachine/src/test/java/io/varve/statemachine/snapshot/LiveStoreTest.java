package io.varve.statemachine.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.statemachine.EventCursor;
import io.varve.statemachine.LogClosedException;
import io.varve.statemachine.LogCore;
import io.varve.statemachine.LogReader;
import io.varve.statemachine.LogReader.Direction;
import io.varve.statemachine.StoreOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The store's replacement by a snapshot, and every state a kill can leave in it. */
class LiveStoreTest {

  @TempDir Path root;

  private LiveStore open() {
    return LiveStore.open(root.resolve("store"), StoreOptions.defaults());
  }

  /** A snapshot with a founding and so many events, at index {@code events}. */
  private Snapshot snapshot(long events) {
    SnapshotDirectory directory = SnapshotDirectory.open(root.resolve("sm"), root.resolve("tmp"));
    try (LogCore core = LogCore.open(root.resolve("other"), StoreOptions.defaults())) {
      Entries.fill(core, events);
      core.checkpoint(directory.prepare(1, events));
      directory.complete(1, events);
      return directory.publish(1, events);
    }
  }

  @Test
  void aStoreIsFoundAgain() {
    try (LiveStore store = open()) {
      assertThat(store.core().appliedIndex()).isEqualTo(-1);
      Entries.fill(store.core(), 10);
    }
    try (LiveStore store = open()) {
      assertThat(store.core().appliedIndex()).isEqualTo(10);
      assertThat(store.reader().head()).isEqualTo(10);
    }
    assertThat(LiveStore.locate(root.resolve("store"))).contains(root.resolve("store/1"));
    assertThat(LiveStore.locate(root.resolve("nothing"))).isEmpty();
  }

  @Test
  void aSnapshotReplacesTheStoreUnderItsReader() {
    Snapshot snapshot = snapshot(50);
    try (LiveStore store = open()) {
      Entries.fill(store.core(), 5);
      LogReader reader = store.reader();
      EventCursor old = reader.log(1, Direction.FORWARD);

      store.replace(snapshot);

      assertThat(store.reader()).isSameAs(reader);
      assertThat(reader.head()).isEqualTo(50);
      assertThat(reader.appliedIndex()).isEqualTo(50);
      assertThat(store.core().appliedIndex()).isEqualTo(50);
      assertThat(store.generations()).containsExactly("1", "2");
      for (long position = 1; position <= 5; position++) {
        assertThat(old.next().orElseThrow().position()).isEqualTo(position);
      }
      assertThat(old.next()).as("the old cursor ends where its store ended").isEmpty();

      old.close();
      assertThat(store.generations())
          .as("the old store goes with its last cursor")
          .containsExactly("2");
      Entries.fill(store.core(), 60);
      assertThat(reader.head()).isEqualTo(60);
    }
    try (LiveStore store = open()) {
      assertThat(store.core().appliedIndex()).isEqualTo(60);
    }
    SnapshotDirectory.verify(snapshot);
  }

  @Test
  void pagesAndSingleAnswersComeFromTheNewestStore() {
    Snapshot snapshot = snapshot(50);
    try (LiveStore store = open()) {
      Entries.fill(store.core(), 5);
      LogReader reader = store.reader();
      store.replace(snapshot);

      LogReader direct = store.core().reader();
      assertThat(reader.sources("", "", 10)).isEqualTo(direct.sources("", "", 10));
      assertThat(reader.sources("", "", 10).sources()).isNotEmpty();
      String source = reader.sources("", "", 10).sources().get(0).source();
      assertThat(reader.latest(source, "", "", 10, 1_000))
          .isEqualTo(direct.latest(source, "", "", 10, 1_000));
      assertThat(reader.positionAt(Long.MAX_VALUE)).isEqualTo(50);
      assertThat(reader.lastSequence("client", "buffer")).isZero();
      assertThat(reader.chainHash(50)).isPresent().isEqualTo(direct.chainHash(50));
      assertThat(reader.statistics().columnFamilies())
          .isEqualTo(direct.statistics().columnFamilies());
    }
  }

  @Test
  void manyReplacementsLeaveOneGeneration() {
    try (LiveStore store = open()) {
      for (long events = 10; events <= 40; events += 10) {
        store.replace(snapshot(events));
        assertThat(store.reader().head()).isEqualTo(events);
      }
      assertThat(store.generations()).containsExactly("5");
    }
  }

  @Test
  void killedWhileTheNextGenerationWasPrepared() throws IOException {
    try (LiveStore store = open()) {
      Entries.fill(store.core(), 5);
    }
    Path half = root.resolve("store/2.tmp");
    Files.createDirectories(half);
    Files.writeString(half.resolve("CURRENT"), "half");

    try (LiveStore store = open()) {
      assertThat(store.reader().head()).isEqualTo(5);
      assertThat(store.generations()).containsExactly("1");
    }
  }

  @Test
  void killedRightAfterTheNextGenerationWasRenamed() throws IOException {
    try (LiveStore store = open()) {
      Entries.fill(store.core(), 5);
    }
    Snapshot snapshot = snapshot(50);
    Path next = root.resolve("store/2");
    Files.createDirectories(next);
    for (Path path : SnapshotDirectory.paths(snapshot)) {
      Files.copy(path, next.resolve(path.getFileName()));
    }
    Files.delete(next.resolve("CHECKSUMS"));

    try (LiveStore store = open()) {
      assertThat(store.reader().head()).isEqualTo(50);
      assertThat(store.generations()).containsExactly("2");
    }
  }

  @Test
  void generationsAreComparedAsNumbers() throws IOException {
    try (LiveStore store = open()) {
      Entries.fill(store.core(), 5);
    }
    Files.move(root.resolve("store/1"), root.resolve("store/10"));
    Files.createDirectories(root.resolve("store/9"));

    try (LiveStore store = open()) {
      assertThat(store.reader().head()).isEqualTo(5);
      assertThat(store.generations()).containsExactly("10");
    }
  }

  @Test
  void aDamagedSnapshotReplacesNothing() throws IOException {
    Snapshot snapshot = snapshot(50);
    Path sst =
        SnapshotDirectory.paths(snapshot).stream()
            .filter(path -> path.toString().endsWith(".sst"))
            .findFirst()
            .orElseThrow();
    byte[] bytes = Files.readAllBytes(sst);
    bytes[bytes.length / 2] ^= 1;
    Files.write(sst, bytes);

    try (LiveStore store = open()) {
      Entries.fill(store.core(), 5);
      assertThatThrownBy(() -> store.replace(snapshot))
          .isInstanceOf(CorruptSnapshotException.class)
          .hasMessageContaining(sst.getFileName().toString());
      assertThat(store.reader().head()).isEqualTo(5);
      assertThat(store.generations()).containsExactly("1");
    }
  }

  @Test
  void afterItIsClosedReadsAreRefusedAndCursorsEndSafely() {
    LiveStore store = open();
    Entries.fill(store.core(), 5);
    LogReader reader = store.reader();
    EventCursor cursor = reader.log(1, Direction.FORWARD);
    assertThat(cursor.next()).isPresent();

    store.close();

    assertThatThrownBy(reader::head).isInstanceOf(LogClosedException.class);
    assertThatThrownBy(() -> reader.log(1, Direction.FORWARD))
        .isInstanceOf(LogClosedException.class);
    assertThat(cursor.next()).as("an open cursor keeps what it reads open").isPresent();
    cursor.close();
  }
}
