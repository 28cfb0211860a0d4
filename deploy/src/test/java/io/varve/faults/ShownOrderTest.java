package io.varve.faults;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ShownOrderTest {
  private final ShownOrder order = new ShownOrder();

  @Test
  void acquitsWhatOnlyGoesForward() {
    order.shows("k", "a", 1);
    order.shows("k", "a", 1);
    order.shows("k", "b", 7);
    order.shows("other", "a", 1);
    order.shows("k", "a", 3);
    order.showsNothing("k");
    order.showsNothing("k");
    order.shows("k", "b", 8);
    assertThat(order.findings()).isEmpty();
    assertThat(order.changes()).isEqualTo(5);
  }

  @Test
  void convictsAWritersOlderEvent() {
    order.shows("k", "a", 2);
    order.shows("k", "a", 1);
    assertThat(order.findings()).singleElement().asString().contains("k shows number 1 of a");
  }

  @Test
  void convictsAFlicker() {
    order.shows("k", "a", 1);
    order.shows("k", "b", 1);
    order.shows("k", "a", 1);
    assertThat(order.findings()).hasSize(1);
  }

  @Test
  void convictsWhatComesBackAfterItWasRemoved() {
    order.shows("k", "a", 1);
    order.showsNothing("k");
    order.shows("k", "a", 1);
    assertThat(order.findings()).hasSize(1);
  }
}
