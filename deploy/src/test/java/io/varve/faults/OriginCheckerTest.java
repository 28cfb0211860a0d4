package io.varve.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.faults.BuggyOrigins.Bug;
import io.varve.faults.OriginHistory.Kind;
import io.varve.faults.OriginHistory.Sending;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The trial of {@link OriginReplaysTest}'s own machinery: the same origins and the same checker
 * clear a log without a bug and convict one with any.
 */
class OriginCheckerTest {
  private static final int ORIGINS = 8;
  private static final int NUMBERS = 100;

  private final OriginHistory history = new OriginHistory();

  private List<String> verdict(Bug bug) throws Exception {
    BuggyOrigins log = new BuggyOrigins(bug);
    List<OriginBuffer> buffers = new ArrayList<>();
    List<Callable<Boolean>> replays = new ArrayList<>();
    SplittableRandom random = new SplittableRandom(7);
    for (int i = 0; i < ORIGINS; i++) {
      OriginBuffer buffer = new OriginBuffer("client-" + i / 2, "buffer-" + i, NUMBERS);
      buffers.add(buffer);
      OriginReplayer replayer =
          new OriginReplayer(buffer, List.of(log, log), history, random.split());
      replays.add(
          () -> {
            replayer.replay();
            replayer.replayAll();
            return true;
          });
    }
    Parallel.all(ORIGINS, replays);
    return OriginChecker.check(history, buffers, log.log());
  }

  @Test
  void aLogWithoutABugIsClearedOfRunsOfEveryKind() throws Exception {
    assertThat(verdict(Bug.NONE)).isEmpty();
    for (Kind kind : Kind.values()) {
      assertThat(history.sendings().stream().filter(sending -> sending.kind() == kind))
          .as("runs %s", kind)
          .hasSizeGreaterThan(ORIGINS);
    }
    assertThat(history.sendings().stream().map(Sending::attempt))
        .as("answers were lost")
        .hasAtLeastOneElementOfType(Attempt.Unknown.class);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
  void aSeededBugIsConvicted(Bug bug) throws Exception {
    assertThat(verdict(bug)).anyMatch(finding -> finding.startsWith(bug.kind()));
  }
}
