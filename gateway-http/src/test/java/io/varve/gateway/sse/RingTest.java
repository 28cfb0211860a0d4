package io.varve.gateway.sse;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class RingTest {
  private static final String DATA = "\"" + "x".repeat(998) + "\"";

  private static List<Long> positions(List<Ring.Recent> events) {
    return events.stream().map(Ring.Recent::position).toList();
  }

  @Test
  void itHasEverythingBehindItsFloor() {
    Ring ring = new Ring(1 << 20, 10);
    assertThat(ring.floor()).isEqualTo(10);
    ring.add(Events.event(12, "a", "T", DATA));
    ring.add(Events.event(15, "b", "T", DATA));
    ring.add(Events.event(16, "a", "T", DATA));
    assertThat(positions(ring.after(10, event -> true))).containsExactly(12L, 15L, 16L);
    assertThat(positions(ring.after(12, event -> true))).containsExactly(15L, 16L);
    assertThat(positions(ring.after(10, event -> event.source().equals("a"))))
        .containsExactly(12L, 16L);
    assertThat(ring.after(16, event -> true)).isEmpty();
    assertThat(ring.after(20, event -> true)).isEmpty();
  }

  @Test
  void theOldestGiveWayAndTheFloorRises() {
    Ring ring = new Ring(10_000, 0);
    for (int position = 1; position <= 100; position++) {
      ring.add(Events.event(position, "a", "T", DATA));
    }
    long floor = ring.floor();
    assertThat(floor).isBetween(90L, 99L);
    assertThat(positions(ring.after(floor, event -> true))).hasSize((int) (100 - floor));
  }

  @Test
  void anEventLargerThanTheRingIsKeptAlone() {
    Ring ring = new Ring(10, 0);
    ring.add(Events.event(1, "a", "T", DATA));
    ring.add(Events.event(2, "a", "T", DATA));
    assertThat(ring.floor()).isEqualTo(1);
    assertThat(positions(ring.after(1, event -> true))).containsExactly(2L);
  }

  @Test
  void anEventIsSerializedOnceAndKeepsItsLabels() {
    Ring ring = new Ring(1 << 20, 0);
    Ring.Recent recent = ring.add(Events.event(1, "a", "T", DATA, "tag"));
    Frame frame = recent.frame();
    assertThat(frame.data().toStringUtf8()).contains(DATA);
    assertThat(recent.frame()).isSameAs(frame);
    assertThat(ring.after(0, event -> event.tags().contains("tag"))).hasSize(1);
    assertThat(ring.after(0, event -> !event.data().isEmpty())).isEmpty();
  }
}
