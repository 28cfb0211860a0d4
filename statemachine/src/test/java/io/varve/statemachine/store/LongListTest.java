package io.varve.statemachine.store;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LongListTest {

  @Test
  void findsTheGreatestAtOrBelowABound() {
    LongList list = new LongList();
    assertThat(list.floor(Long.MAX_VALUE)).isZero();
    for (long value = 10; value <= 100; value += 10) {
      list.add(value);
    }

    assertThat(list.size()).isEqualTo(10);
    assertThat(list.get(9)).isEqualTo(100);
    assertThat(list.floor(9)).isZero();
    assertThat(list.floor(10)).isEqualTo(10);
    assertThat(list.floor(19)).isEqualTo(10);
    assertThat(list.floor(100)).isEqualTo(100);
    assertThat(list.floor(Long.MAX_VALUE)).isEqualTo(100);
  }
}
