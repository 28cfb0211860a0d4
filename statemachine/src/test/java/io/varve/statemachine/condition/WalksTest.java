package io.varve.statemachine.condition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.statemachine.LogReader.Direction;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class WalksTest {

  private static final int RUNS = 200;

  @ParameterizedTest
  @EnumSource(Direction.class)
  void anIntersectionStopsWhereAllStop(Direction direction) {
    for (int run = 0; run < RUNS; run++) {
      RandomLists random = new RandomLists(run);
      List<NavigableSet<Long>> lists = random.next(random.nextInt(1, 5));
      NavigableSet<Long> common = new TreeSet<>(lists.get(0));
      lists.forEach(common::retainAll);

      Walk walk = new IntersectionWalk(RandomLists.walks(lists, direction));

      assertThat(RandomLists.stops(walk, direction))
          .as("run %d", run)
          .isEqualTo(RandomLists.inOrder(common, direction));
    }
  }

  @ParameterizedTest
  @EnumSource(Direction.class)
  void aUnionStopsWhereAnyStopsOnce(Direction direction) {
    for (int run = 0; run < RUNS; run++) {
      RandomLists random = new RandomLists(run);
      List<NavigableSet<Long>> lists = random.next(random.nextInt(1, 5));
      NavigableSet<Long> all = new TreeSet<>();
      lists.forEach(all::addAll);

      Walk walk = new UnionWalk(RandomLists.walks(lists, direction), direction);

      assertThat(RandomLists.stops(walk, direction))
          .as("run %d", run)
          .isEqualTo(RandomLists.inOrder(all, direction));
    }
  }

  @ParameterizedTest
  @EnumSource(Direction.class)
  void aVersionWalkStopsAtEveryVersion(Direction direction) {
    for (int run = 0; run < RUNS; run++) {
      NavigableSet<Long> list = new RandomLists(run).next();
      List<Long> positions = new ArrayList<>(list);

      Walk walk =
          new VersionWalk(direction, list.size(), version -> positions.get((int) version - 1));

      assertThat(RandomLists.stops(walk, direction))
          .as("run %d", run)
          .isEqualTo(RandomLists.inOrder(list, direction));
    }
  }

  @ParameterizedTest
  @EnumSource(Direction.class)
  void aVersionWalkSkipsAheadAsAsked(Direction direction) {
    for (int run = 0; run < RUNS; run++) {
      RandomLists random = new RandomLists(run);
      NavigableSet<Long> list = random.next();
      List<Long> positions = new ArrayList<>(list);
      Walk walk =
          new VersionWalk(direction, list.size(), version -> positions.get((int) version - 1));
      Walk plain = RandomLists.walk(list, direction);

      long asked = direction == Direction.FORWARD ? 1 : RandomLists.HEAD;
      while (asked >= 1 && asked <= RandomLists.HEAD) {
        assertThat(walk.seek(asked)).as("run %d at %d", run, asked).isEqualTo(plain.seek(asked));
        int by = random.nextInt(0, 40);
        asked += direction == Direction.FORWARD ? by : -by;
      }
    }
  }

  @Test
  void aVersionWalkLooksAtFewVersions() {
    long versions = 1_000_000;
    List<Long> looked = new ArrayList<>();
    Walk walk =
        new VersionWalk(
            Direction.BACKWARD,
            versions,
            version -> {
              looked.add(version);
              return version * 3;
            });

    assertThat(walk.seek(3 * 400_000 + 2)).isEqualTo(3 * 400_000);
    assertThat(looked.size()).isLessThan(50);
    looked.clear();
    assertThat(walk.seek(3 * 399_999)).isEqualTo(3 * 399_999);
    assertThat(looked.size()).isLessThan(5);
  }

  @Test
  void stepsAreAPropertyOfTheLog() {
    Walk label = Walk.empty();

    assertThat(label.steps()).isEqualTo(1);
    assertThat(new UnionWalk(List.of(label, label, label), Direction.BACKWARD).steps())
        .isEqualTo(3);
    assertThat(versions(0).steps()).isEqualTo(1);
    assertThat(versions(1).steps()).isEqualTo(1);
    assertThat(versions(2).steps()).isEqualTo(2);
    assertThat(versions(255).steps()).isEqualTo(8);
    assertThat(versions(256).steps()).isEqualTo(9);
  }

  @Test
  void anIntersectionOfNothingIsRefused() {
    assertThatThrownBy(() -> new IntersectionWalk(List.of()))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static Walk versions(long count) {
    return new VersionWalk(Direction.BACKWARD, count, version -> version);
  }
}
