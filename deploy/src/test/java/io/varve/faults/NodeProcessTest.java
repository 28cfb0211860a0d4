package io.varve.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the faults do to a process, tried on a shell that only sleeps. */
class NodeProcessTest {
  private static final Duration LIMIT = Duration.ofMinutes(1);

  @TempDir Path home;
  private NodeProcess process;

  @BeforeEach
  void start() {
    process = process("trap 'exit 0' TERM; echo ready; while :; do sleep 0.02; done");
    process.start();
    Await.until("the process to say so", LIMIT, () -> process.logHolds("ready"));
  }

  @AfterEach
  void destroy() {
    process.destroy();
  }

  private NodeProcess process(String script) {
    return new NodeProcess("n1", home, List.of("/bin/sh", "-c", script), 1, 2, 3);
  }

  @Test
  void aKillIsProvenByTheExitCode() {
    process.kill();
    assertThat(process.alive()).isFalse();
    assertThat(process.state()).isEmpty();
  }

  @Test
  void aProcessThatHadGoneByItselfWasNotKilled() {
    process.destroy();
    assertThatThrownBy(process::kill).isInstanceOf(AssertionError.class);
  }

  @Test
  void aPauseIsProvenByTheProcessState() {
    process.pause();
    assertThat(process.state()).contains('T');
    process.resume();
    assertThat(process.state()).isPresent().get().isNotEqualTo('T');
  }

  @Test
  void aPausedProcessCanBeKilled() {
    process.pause();
    process.kill();
    assertThat(process.alive()).isFalse();
  }

  @Test
  void aProcessThatStopsWhenAskedTellsItsExitCode() {
    NodeProcess.Termination termination = process.terminate();
    assertThat(termination.exitCode()).isZero();
    assertThat(termination.took()).isLessThan(LIMIT);
  }

  @Test
  void aWipeLeavesNothing() throws IOException {
    Files.createDirectories(process.dataDirectory().resolve("a/b"));
    Files.writeString(process.dataDirectory().resolve("a/b/c"), "d");
    assertThatThrownBy(process::wipe).isInstanceOf(IllegalStateException.class);
    process.kill();
    process.wipe();
    assertThat(process.dataDirectory()).doesNotExist();
  }

  @Test
  void aRestartKeepsTheLog() {
    process.kill();
    process.start();
    assertThat(process.starts()).isEqualTo(2);
    assertThat(process.logTail(10)).contains("start 1 of n1").contains("start 2 of n1");
  }

  @Test
  void whatWasSaidBeforeARestartIsToldFromWhatIsSaidSince() {
    process.kill();
    NodeProcess silent = process("while :; do sleep 0.02; done");
    silent.start();
    try {
      assertThat(silent.logHolds("ready")).isTrue();
      assertThat(silent.logHoldsSinceStart("ready")).isFalse();
    } finally {
      silent.destroy();
    }
    process.start();
    Await.until("the process to say so", LIMIT, () -> process.logHoldsSinceStart("ready"));
  }
}
