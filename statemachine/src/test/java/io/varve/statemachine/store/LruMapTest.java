package io.varve.statemachine.store;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LruMapTest {

  @Test
  void forgetsTheLeastRecentlyUsedWhenTold() {
    LruMap<String, Integer> map = new LruMap<>(2);
    map.put("a", 1);
    map.put("b", 2);
    map.put("c", 3);
    assertThat(map.get("a")).as("used, and nothing forgotten yet").isEqualTo(1);
    assertThat(map.size()).isEqualTo(3);

    map.trim();

    assertThat(map.size()).isEqualTo(2);
    assertThat(map.get("a")).isEqualTo(1);
    assertThat(map.get("b")).isNull();
    assertThat(map.get("c")).isEqualTo(3);
  }
}
