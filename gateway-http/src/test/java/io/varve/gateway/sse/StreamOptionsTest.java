package io.varve.gateway.sse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class StreamOptionsTest {
  private final StreamOptions defaults = StreamOptions.defaults();

  @Test
  void eachBoundCanBeSetAlone() {
    assertThat(defaults.withMaxStreams(7, 3).maxStreams()).isEqualTo(7);
    assertThat(defaults.withMaxStreams(7, 3).maxStreamsPerClient()).isEqualTo(3);
    assertThat(defaults.withMaxSelections(0).maxSelections()).isZero();
    assertThat(defaults.withBufferBytes(8192, 4096).bufferBytes()).isEqualTo(8192);
    assertThat(defaults.withBufferBytes(8192, 4096).streamBufferBytes()).isEqualTo(4096);
    assertThat(defaults.withRingBytes(9).ringBytes()).isEqualTo(9);
    assertThat(defaults.withReaders(2).readers()).isEqualTo(2);
    Duration second = Duration.ofSeconds(1);
    assertThat(defaults.withHeartbeat(second).heartbeat()).isEqualTo(second);
    assertThat(defaults.withRecheck(second, second).recheck()).isEqualTo(second);
    assertThat(defaults.withRecheck(second, second).expiryNotice()).isEqualTo(second);
    assertThat(defaults.withCheckpoints(5, second).checkpointPositions()).isEqualTo(5);
    assertThat(defaults.withCheckpoints(5, second).checkpointInterval()).isEqualTo(second);
    assertThat(defaults.withLinger(second).linger()).isEqualTo(second);
    assertThat(defaults.withStallLimit(second).stallLimit()).isEqualTo(second);
    assertThat(defaults.withDrain(second).drain()).isEqualTo(second);
    assertThat(defaults.withDrain(second).withDrain(defaults.drain())).isEqualTo(defaults);
  }

  @Test
  void aBoundThatBoundsNothingIsRefusedByName() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> defaults.withMaxStreams(0, 1))
        .withMessage("maxStreams must be at least 1: 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> defaults.withBufferBytes(100, 4096))
        .withMessageContaining("bufferBytes must be at least 4096: 100");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> defaults.withHeartbeat(Duration.ZERO))
        .withMessage("heartbeat must be positive: PT0S");
  }
}
