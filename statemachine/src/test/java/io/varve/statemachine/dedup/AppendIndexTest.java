package io.varve.statemachine.dedup;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class AppendIndexTest {

  private final AppendIndex index = new AppendIndex();

  @Test
  void findsWhatWasAddedAndNothingElse() {
    index.add(1, 2, 10);
    index.add(2, 1, 11);

    assertThat(index.find(1, 2)).isEqualTo(10);
    assertThat(index.find(2, 1)).isEqualTo(11);
    assertThat(index.find(1, 1)).isZero();
    assertThat(index.find(0, 0)).isZero();
  }

  @Test
  void forgetsUpToAPositionInclusive() {
    for (int i = 1; i <= 10; i++) {
      index.add(i, i, 3L * i);
    }

    index.forgetUpTo(15);

    assertThat(index.size()).isEqualTo(5);
    assertThat(index.find(5, 5)).isZero();
    assertThat(index.find(6, 6)).isEqualTo(18);
    index.forgetUpTo(1_000);
    assertThat(index.size()).isZero();
    assertThat(index.find(10, 10)).isZero();
  }

  @Test
  void anIdAddedAgainIsFoundAtItsNewerPlaceAlsoAfterTheOlderIsForgotten() {
    index.add(7, 7, 1);
    index.add(8, 8, 2);
    index.add(7, 7, 3);

    assertThat(index.find(7, 7)).isEqualTo(3);
    index.forgetUpTo(2);
    assertThat(index.find(7, 7)).isEqualTo(3);
    assertThat(index.find(8, 8)).isZero();
    index.forgetUpTo(3);
    assertThat(index.find(7, 7)).isZero();
  }

  @Test
  void growsAndWrapsAroundLikeAMapThatForgetsItsEldest() {
    SplittableRandom random = new SplittableRandom(1);
    Map<UUID, Long> model = new LinkedHashMap<>();
    for (long position = 1; position <= 60_000; position++) {
      // Few distinct values in each half, so that homes in the table collide often.
      UUID id = new UUID(random.nextLong(500) << 40, random.nextLong(500) << 40);
      if (!model.containsKey(id)) {
        model.put(id, position);
        index.add(id.getMostSignificantBits(), id.getLeastSignificantBits(), position);
      }
      if (random.nextInt(10) == 0) {
        long upTo = position - random.nextLong(200, 6_000);
        index.forgetUpTo(upTo);
        model.values().removeIf(first -> first <= upTo);
      }
      UUID asked = new UUID(random.nextLong(500) << 40, random.nextLong(500) << 40);
      assertThat(index.find(asked.getMostSignificantBits(), asked.getLeastSignificantBits()))
          .isEqualTo(model.getOrDefault(asked, 0L));
    }
    assertThat(index.size()).isEqualTo(model.size());
    model.forEach(
        (id, first) ->
            assertThat(index.find(id.getMostSignificantBits(), id.getLeastSignificantBits()))
                .isEqualTo(first));
  }
}
