package io.varve.client.localfirst;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BufferStoreTest {

  @TempDir Path directory;

  /**
   * Whatever a crash left of the newest write, the file opens as of a commit that is whole: with
   * all that was committed before that write, and with an event and its number both or neither.
   */
  @Test
  void opensAsOfTheLastWholeCommitHoweverTheNewestWriteWasTorn() throws Exception {
    Path file = directory.resolve("a.mv.db");
    byte[] before;
    byte[] after;
    try (BufferStore store = BufferStore.open(file, "client")) {
      for (long number = 1; number <= 20; number++) {
        append(store, number);
      }
      before = Files.readAllBytes(file);
      append(store, 21);
      after = Files.readAllBytes(file);
    }
    assertThat(after.length).isGreaterThan(before.length);
    int whole = 0;
    int old = 0;
    for (int cut = before.length; cut <= after.length; cut += 97) {
      // What follows the first blocks is new: cut there, and with garbage for the rest.
      for (boolean garbage : new boolean[] {false, true}) {
        byte[] torn = Arrays.copyOf(after, garbage ? after.length : cut);
        if (garbage) {
          Arrays.fill(torn, cut, torn.length, (byte) 0x5A);
        }
        Path copy = directory.resolve("torn-" + cut + garbage + ".mv.db");
        Files.write(copy, torn);
        try (BufferStore store = BufferStore.open(copy, "client")) {
          long last = store.lastNumber();
          assertThat(last).isIn(20L, 21L);
          assertThat(store.queueSize()).isEqualTo(last);
          assertThat(store.queued(last)).contains("{\"n\":" + last + "}");
          old += last == 20 ? 1 : 0;
          whole += last == 21 ? 1 : 0;
        }
        Files.delete(copy);
      }
    }
    assertThat(old).as("torn writes that were given up").isPositive();
    assertThat(old + whole).isGreaterThan(20);
  }

  private static void append(BufferStore store, long number) {
    store.enqueue(number, "{\"n\":" + number + "}");
    store.lastNumber(number);
    store.commit(true);
  }

  @Test
  void whatWasNotCommittedIsNotThere() throws Exception {
    Path file = directory.resolve("a.mv.db");
    Path copy = directory.resolve("b.mv.db");
    try (BufferStore store = BufferStore.open(file, "client")) {
      append(store, 1);
      // More than the store would keep in memory, were it let.
      for (long number = 2; number < 200; number++) {
        store.enqueue(number, "x".repeat(100_000));
      }
      Files.copy(file, copy);
    }
    try (BufferStore store = BufferStore.open(copy, "client")) {
      assertThat(store.queueSize()).isEqualTo(1);
      assertThat(store.lastNumber()).isEqualTo(1);
    }
  }

  @Test
  void keepsEachSourcesStatesApart() {
    TreeMap<String, String> found = new TreeMap<>();
    try (BufferStore store = BufferStore.open(directory.resolve("a.mv.db"), "client")) {
      store.state(1, "a", "1a");
      store.state(1, "b", "1b");
      store.state(2, "a", "2a");
      store.clearStates(1);
      store.state(1, "c", "1c");
      store.states(1, found::put);
      assertThat(found).containsExactly(Map.entry("c", "1c"));
      found.clear();
      store.states(2, found::put);
    }
    assertThat(found).containsExactly(Map.entry("a", "2a"));
  }

  @Test
  void winsSpaceBack() throws Exception {
    Path file = directory.resolve("a.mv.db");
    try (BufferStore store = BufferStore.open(file, "client")) {
      for (long number = 1; number <= 3_000; number++) {
        store.enqueue(number, "x".repeat(1_000));
        store.dequeue(number - 1);
        store.lastNumber(number);
        store.commit(false);
      }
    }
    try (BufferStore store = BufferStore.open(file, "client")) {
      assertThat(store.queueSize()).isEqualTo(1);
    }
    assertThat(Files.size(file)).isLessThan(32 << 20);
  }

  @Test
  void saysWhichFileIsNoStore() throws Exception {
    Path file = directory.resolve("a.mv.db");
    Files.write(
        file, "this is a text of somebody's\n".repeat(500).getBytes(StandardCharsets.US_ASCII));
    assertThatThrownBy(() -> BufferStore.open(file, "client"))
        .isInstanceOf(LocalBufferException.class)
        .hasMessageContaining("a.mv.db cannot be opened");
  }
}
