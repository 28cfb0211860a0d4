package io.varve.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class AwaitTest {
  private static final Duration SHORT = Duration.ofMillis(50);

  @Test
  void waitsUntilTheConditionHolds() {
    AtomicInteger looks = new AtomicInteger();
    Await.until("three looks", Duration.ofSeconds(10), () -> looks.incrementAndGet() == 3);
    assertThat(looks).hasValue(3);
  }

  @Test
  void failsWhenTheConditionNeverHolds() {
    assertThatThrownBy(() -> Await.until("a miracle", SHORT, () -> false, () -> "nothing"))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("a miracle")
        .hasMessageContaining("nothing");
    assertThatThrownBy(() -> Await.value("a value", SHORT, Optional::empty))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("a value");
  }

  @Test
  void failsAsSoonAsAConditionCeasesToHold() {
    AtomicInteger looks = new AtomicInteger();
    assertThatThrownBy(
            () ->
                Await.throughout(
                    "peace", Duration.ofSeconds(10), () -> looks.incrementAndGet() < 3, () -> ""))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("peace");
    Await.throughout("peace", SHORT, () -> true, () -> "");
  }
}
