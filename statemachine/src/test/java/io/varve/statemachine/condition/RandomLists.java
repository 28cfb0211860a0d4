package io.varve.statemachine.condition;

import io.varve.statemachine.LogReader.Direction;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.NavigableSet;
import java.util.SplittableRandom;
import java.util.TreeSet;

/** Made-up posting lists, and the plainest walk over one. */
final class RandomLists {

  static final long HEAD = 200;

  private final SplittableRandom random;

  RandomLists(long seed) {
    random = new SplittableRandom(seed);
  }

  /** Between no and nearly all positions up to {@link #HEAD}. */
  NavigableSet<Long> next() {
    NavigableSet<Long> list = new TreeSet<>();
    int percent = random.nextInt(100);
    for (long position = 1; position <= HEAD; position++) {
      if (random.nextInt(100) < percent) {
        list.add(position);
      }
    }
    return list;
  }

  List<NavigableSet<Long>> next(int count) {
    List<NavigableSet<Long>> lists = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      lists.add(next());
    }
    return lists;
  }

  int nextInt(int from, int to) {
    return random.nextInt(from, to);
  }

  static Walk walk(NavigableSet<Long> list, Direction direction) {
    return position -> {
      Long stop = direction == Direction.FORWARD ? list.ceiling(position) : list.floor(position);
      return stop == null ? Walk.NONE : stop;
    };
  }

  static List<Walk> walks(Collection<NavigableSet<Long>> lists, Direction direction) {
    List<Walk> walks = new ArrayList<>();
    lists.forEach(list -> walks.add(walk(list, direction)));
    return walks;
  }

  /** Everywhere a walk stops. */
  static List<Long> stops(Walk walk, Direction direction) {
    List<Long> stops = new ArrayList<>();
    int step = direction == Direction.FORWARD ? 1 : -1;
    long position = direction == Direction.FORWARD ? 1 : HEAD;
    while (position >= 1 && position <= HEAD) {
      long stop = walk.seek(position);
      if (stop == Walk.NONE) {
        break;
      }
      stops.add(stop);
      position = stop + step;
    }
    return stops;
  }

  static List<Long> inOrder(NavigableSet<Long> positions, Direction direction) {
    return new ArrayList<>(direction == Direction.FORWARD ? positions : positions.descendingSet());
  }
}
