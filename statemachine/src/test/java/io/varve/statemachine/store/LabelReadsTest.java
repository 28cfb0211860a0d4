package io.varve.statemachine.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.statemachine.StoreOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LabelReadsTest {

  private static final int LABELS = 6;
  private static final int POSITIONS = 400;

  @TempDir private Path directory;

  /** One set of reads for all lists and both ways, so that it stands anywhere when asked. */
  @Test
  void findsTheNeighboursThatASortedSetFinds() {
    SplittableRandom random = new SplittableRandom(5);
    List<NavigableSet<Long>> lists = new ArrayList<>();
    try (LogStore store = LogStore.open(directory, StoreOptions.defaults())) {
      for (int label = 0; label <= LABELS; label++) {
        lists.add(new TreeSet<>());
      }
      for (int part = 0; part < 3; part++) {
        fill(store, random, lists, part);
        if (part < 2) {
          store.flush(); // Two files and a memtable to merge.
        }
      }
      try (LabelReads reads = new LabelReads(store)) {
        for (int i = 0; i < 20_000; i++) {
          int label = random.nextInt(1, LABELS + 1);
          long bound = random.nextLong(-1, POSITIONS + 2);
          Long floor = lists.get(label).floor(bound);
          Long ceiling = lists.get(label).ceiling(bound);
          if (bound >= 0 && random.nextBoolean()) {
            assertThat(reads.floor(label, bound)).isEqualTo(floor == null ? 0 : floor);
          } else if (bound >= 0) {
            assertThat(reads.ceiling(label, bound)).isEqualTo(ceiling == null ? 0 : ceiling);
          }
        }
        assertThat(reads.floor(1, Long.MAX_VALUE)).isEqualTo(lists.get(1).last());
        assertThat(reads.floor(99, Long.MAX_VALUE)).isZero();
        assertThat(reads.ceiling(99, 1)).isZero();
      }
    }
  }

  private static void fill(
      LogStore store, SplittableRandom random, List<NavigableSet<Long>> lists, int part) {
    Batch batch = new Batch();
    for (long position = 1L + part; position <= POSITIONS; position += 3) {
      for (int label = 1; label <= LABELS; label++) {
        // Label 1 has nearly every position, label 6 hardly any.
        if (random.nextInt(LABELS + 1) >= label) {
          store.labels().put(batch, label, position);
          lists.get(label).add(position);
        }
      }
    }
    store.write(batch);
  }
}
