package io.varve.statemachine.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every state a kill can leave between two steps of taking or receiving a snapshot. */
class SnapshotDirectoryTest {

  @TempDir Path root;
  private Path published;
  private Path temporary;

  @BeforeEach
  void paths() {
    published = root.resolve("sm");
    temporary = root.resolve("tmp");
  }

  private SnapshotDirectory open() {
    return SnapshotDirectory.open(published, temporary);
  }

  private static void write(Path directory, String name, String content) throws IOException {
    Files.createDirectories(directory);
    Files.writeString(directory.resolve(name), content);
  }

  private static Snapshot take(SnapshotDirectory directory, long term, long index, String content)
      throws IOException {
    Path path = directory.prepare(term, index);
    write(path, "000001.sst", content);
    write(path, "CURRENT", "of " + index);
    directory.complete(term, index);
    return directory.publish(term, index);
  }

  @Test
  void aPublishedSnapshotIsListedAndVerifies() throws IOException {
    SnapshotDirectory directory = open();

    Snapshot taken = take(directory, 3, 17, "abc");

    assertThat(taken.term()).isEqualTo(3);
    assertThat(taken.index()).isEqualTo(17);
    assertThat(taken.bytes()).isEqualTo(3 + 5);
    assertThat(open().list()).containsExactly(taken);
    SnapshotDirectory.verify(taken);
    assertThat(SnapshotDirectory.paths(taken))
        .extracting(path -> path.getFileName().toString())
        .containsExactly("000001.sst", "CURRENT", "CHECKSUMS");
  }

  @Test
  void theLatestIsTheOneWithTheHighestIndexNotTheLastName() throws IOException {
    SnapshotDirectory directory = open();
    take(directory, 2, 100, "a");
    take(directory, 10, 99, "b");
    take(directory, 1, 9, "c");

    assertThat(directory.latest().orElseThrow().index()).isEqualTo(100);
    assertThat(directory.list()).extracting(Snapshot::index).containsExactly(9L, 99L, 100L);
  }

  @Test
  void killedWhileTheCheckpointWasWritten() throws IOException {
    Snapshot earlier = take(open(), 1, 5, "a");
    write(open().prepare(1, 9), "000002.sst", "half");

    assertThat(open().list()).containsExactly(earlier);
    assertThat(temporary).isEmptyDirectory();
  }

  @Test
  void killedBeforeTheCompleteSnapshotWasRenamed() throws IOException {
    Snapshot earlier = take(open(), 1, 5, "a");
    SnapshotDirectory directory = open();
    write(directory.prepare(1, 9), "000002.sst", "all");
    directory.complete(1, 9);

    assertThat(open().list()).containsExactly(earlier);
    assertThat(temporary).isEmptyDirectory();
  }

  @Test
  void killedRightAfterTheRename() throws IOException {
    take(open(), 1, 5, "a");
    Snapshot newer = take(open(), 1, 9, "b");

    assertThat(open().latest()).contains(newer);
  }

  @Test
  void killedWhileFilesWereReceived() throws IOException {
    Snapshot earlier = take(open(), 1, 5, "a");
    write(temporary.resolve("snapshot-4711").resolve("snapshot-1-9"), "000002.sst", "half");

    assertThat(open().list()).containsExactly(earlier);
    assertThat(temporary).isEmptyDirectory();
  }

  @Test
  void killedAfterThePublishedDirectoryWasRenamedAway() throws IOException {
    Snapshot earlier = take(open(), 1, 5, "a");
    write(temporary.resolve("snapshot-4711").resolve("snapshot-1-9"), "000002.sst", "all");
    Files.move(published, root.resolve("sm.tmp20261121_101112"));

    assertThat(open().list()).containsExactly(earlier);
    assertThat(names(root)).containsExactlyInAnyOrder("sm", "tmp");
  }

  @Test
  void killedBeforeTheDirectoryThatWasReplacedIsDeleted() throws IOException {
    SnapshotDirectory before = open();
    take(before, 1, 5, "a");
    Files.move(published, root.resolve("sm.tmp20261121_101112"));
    Snapshot received = take(open0(), 1, 9, "b");

    assertThat(open().list()).containsExactly(received);
    assertThat(names(root)).containsExactlyInAnyOrder("sm", "tmp");
  }

  /** Opens without putting anything right: as if the directory had just been renamed in. */
  private SnapshotDirectory open0() throws IOException {
    Files.createDirectories(published);
    return open();
  }

  @Test
  void aPublishedDirectoryWithoutChecksumsIsNoSnapshot() throws IOException {
    Snapshot earlier = take(open(), 1, 5, "a");
    write(published.resolve("snapshot-1-9"), "000002.sst", "?");

    assertThat(open().list()).containsExactly(earlier);
    assertThat(published.resolve("snapshot-1-9")).doesNotExist();
  }

  @Test
  void aCutOrForeignListOfChecksumsIsNoSnapshot() throws IOException {
    SnapshotDirectory directory = open();
    Snapshot cut = take(directory, 1, 5, "a");
    Path list = cut.directory().resolve("CHECKSUMS");
    Files.writeString(list, Files.readString(list).replace("end 2\n", ""));
    Snapshot renamed = take(directory, 1, 9, "b");
    Files.move(renamed.directory(), published.resolve("snapshot-1-10"));
    write(published, "stray.tmp", "?");

    assertThat(open().list()).isEmpty();
  }

  @Test
  void everyKindOfDamageIsFound() throws IOException {
    SnapshotDirectory directory = open();
    Snapshot flipped = take(directory, 1, 1, "abc");
    Files.writeString(flipped.directory().resolve("000001.sst"), "abd");
    Snapshot cut = take(directory, 1, 2, "abc");
    Files.writeString(cut.directory().resolve("000001.sst"), "ab");
    Snapshot missing = take(directory, 1, 3, "abc");
    Files.delete(missing.directory().resolve("CURRENT"));

    for (Snapshot snapshot : List.of(flipped, cut, missing)) {
      assertThatThrownBy(() -> SnapshotDirectory.verify(snapshot))
          .isInstanceOf(CorruptSnapshotException.class);
    }
  }

  @Test
  void aFileThatIsALinkToAnEarlierSnapshotsIsNotReadAgain() throws IOException {
    SnapshotDirectory directory = open();
    Snapshot first = take(directory, 1, 1, "abc");
    Path path = directory.prepare(1, 2);
    Files.createDirectories(path);
    Files.createLink(path.resolve("000001.sst"), first.directory().resolve("000001.sst"));
    // Were it read now, the list would hold what it says now.
    Files.writeString(first.directory().resolve("000001.sst"), "xyz");
    directory.complete(1, 2);

    Snapshot second = directory.publish(1, 2);

    assertThat(second.files().get(0)).isEqualTo(first.files().get(0));
  }

  @Test
  void oldSnapshotsAreDeletedUnlessTheyAreInUse() throws IOException {
    SnapshotDirectory directory = open();
    for (int index = 1; index <= 5; index++) {
      take(directory, 1, index, "a");
    }

    directory.deleteOld(2, snapshot -> snapshot.index() == 2);

    assertThat(directory.list()).extracting(Snapshot::index).containsExactly(2L, 4L, 5L);
  }

  @Test
  void whatWasReceivedAndAbandonedIsDeletedButOurOwnPreparationStays() throws Exception {
    SnapshotDirectory directory = open();
    Path ours = directory.prepare(1, 1);
    write(ours, "000001.sst", "a");
    write(temporary.resolve("snapshot-old"), "f", "1");
    write(temporary.resolve("snapshot-new"), "f", "2");
    Files.setLastModifiedTime(
        temporary.resolve("snapshot-old"), java.nio.file.attribute.FileTime.fromMillis(1));

    directory.deleteAbandoned();
    directory.syncReceived();

    assertThat(names(temporary)).containsExactlyInAnyOrder("taking-1-1", "snapshot-new");
    directory.deleteReceived();
    assertThat(names(temporary)).containsExactly("taking-1-1");
  }

  private static List<String> names(Path directory) {
    return FileTrees.children(directory).stream().map(p -> p.getFileName().toString()).toList();
  }
}
