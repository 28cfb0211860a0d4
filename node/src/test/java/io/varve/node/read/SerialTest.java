package io.varve.node.read;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;

class SerialTest {
  private boolean shutDown;
  private int runs;

  private final Executor executor =
      task -> {
        if (shutDown) {
          throw new RejectedExecutionException();
        }
        task.run();
      };

  /** A node stops while a worker is at a stream: that it is to end was asked for meanwhile. */
  @Test
  void whatIsAskedForWhileItRunsIsDoneThoughTheExecutorWasShutDownMeanwhile() {
    Serial serial =
        new Serial(executor) {
          @Override
          void work() {
            runs++;
            if (runs == 1) {
              schedule();
              shutDown = true;
            }
          }
        };

    serial.schedule();

    assertThat(runs).isEqualTo(2);
  }

  @Test
  void whatIsAskedForAfterwardsIsDoneByWhoAsks() {
    shutDown = true;
    Serial serial =
        new Serial(executor) {
          @Override
          void work() {
            runs++;
          }
        };

    serial.schedule();

    assertThat(runs).isEqualTo(1);
  }
}
