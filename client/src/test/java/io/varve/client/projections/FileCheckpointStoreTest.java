package io.varve.client.projections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.client.projections.CheckpointCommit.Park;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileCheckpointStoreTest extends CheckpointStoreContract<NoTransaction> {

  private static final ProjectionPartition PARTITION = new ProjectionPartition("p", 1, 0);

  @TempDir private Path directory;
  private FileCheckpointStore store;

  @BeforeEach
  void open() {
    store = FileCheckpointStore.open(directory);
  }

  @AfterEach
  void close() {
    store.close();
  }

  @Override
  CheckpointStore<NoTransaction> store() {
    return store;
  }

  private void fill() throws Exception {
    store.open("p", 1, 2, true, LOG);
    store.claim(PARTITION, 5);
    store.commit(
        new CheckpointCommit(
            PARTITION,
            5,
            0,
            9,
            List.of(
                new Park(
                    new ParkedSource("s", 0, 3, 8, 4, "why", ParkedAction.SKIP_EVENT),
                    ParkedAction.NONE))),
        transaction -> {});
  }

  @Test
  void whatWasCommittedIsThereAfterARestart() throws Exception {
    fill();
    List<Checkpoint> before = store.checkpoints("p", 1);
    store.close();
    store = FileCheckpointStore.open(directory);
    assertThat(store.checkpoints("p", 1)).isEqualTo(before);
    assertThat(store.liveGeneration("p")).hasValue(1);
    assertThat(store.claim(PARTITION, 5).parked())
        .containsExactly(new ParkedSource("s", 0, 3, 8, 4, "why", ParkedAction.SKIP_EVENT));
    assertThat(Files.exists(directory.resolve("p.checkpoint.next"))).isFalse();
  }

  @Test
  void aHalfWrittenSuccessorIsIgnored() throws Exception {
    fill();
    store.close();
    Files.writeString(directory.resolve("p.checkpoint.next"), "half");
    store = FileCheckpointStore.open(directory);
    assertThat(store.checkpoints("p", 1).get(0).position()).isEqualTo(9);
  }

  @Test
  void anyDamageIsNoticed() throws Exception {
    fill();
    store.close();
    Path file = directory.resolve("p.checkpoint");
    byte[] whole = Files.readAllBytes(file);
    for (int at = 0; at < whole.length; at++) {
      byte[] damaged = whole.clone();
      damaged[at] ^= 1;
      Files.write(file, damaged);
      assertDamaged(file);
    }
    for (int length = 0; length < whole.length; length++) {
      Files.write(file, java.util.Arrays.copyOf(whole, length));
      assertDamaged(file);
    }
  }

  private void assertDamaged(Path file) {
    try (FileCheckpointStore reopened = FileCheckpointStore.open(directory)) {
      assertThatThrownBy(() -> reopened.checkpoints("p", 1))
          .isInstanceOf(CheckpointStoreException.class)
          .hasMessageContaining(file.toString())
          .hasMessageContaining("delete it");
    }
  }

  @Test
  void aDirectoryHasOneStore() {
    assertThatThrownBy(() -> FileCheckpointStore.open(directory))
        .isInstanceOf(CheckpointStoreException.class)
        .hasMessageContaining("another store uses " + directory);
  }

  @Test
  void aClosedStoreCommitsNothing() throws Exception {
    fill();
    store.close();
    assertThatThrownBy(
            () ->
                store.commit(
                    new CheckpointCommit(PARTITION, 5, 9, 10, List.of()), transaction -> {}))
        .isInstanceOf(CheckpointStoreException.class)
        .hasMessageContaining("was closed");
  }

  @Test
  void whatCannotBeWrittenIsNotShown() throws Exception {
    fill();
    Path blocking = directory.resolve("p.checkpoint.next");
    Files.createDirectory(blocking);
    assertThatThrownBy(
            () ->
                store.commit(
                    new CheckpointCommit(PARTITION, 5, 9, 10, List.of()), transaction -> {}))
        .isInstanceOf(CheckpointStoreException.class)
        .hasCauseInstanceOf(IOException.class);
    assertThat(store.checkpoints("p", 1).get(0).position()).isEqualTo(9);
    Files.delete(blocking);
    store.commit(new CheckpointCommit(PARTITION, 5, 9, 10, List.of()), transaction -> {});
  }
}
