package io.varve.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.faults.BuggyLog.Bug;
import io.varve.faults.History.Operation;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The fault tests' own trial: the same writers, the same lost replies and the same checker that
 * judge a cluster judge a log with a seeded bug, and convict it; without one they clear it.
 */
class SeededBugsTest {
  private static final Duration LIMIT = Duration.ofMinutes(2);

  /** Everything the fault tests do to a cluster's API, and the verdict. */
  private static List<String> verdict(Bug bug) throws Exception {
    History history = new History();
    try (BuggyLog log = new BuggyLog(bug);
        CuttingProxy proxy = new CuttingProxy(0, log.port());
        Caller caller = new Caller(List.of(proxy.port()), history);
        NodeConnection elsewhere = new NodeConnection(log.port());
        Counting counting = new Counting(caller, "counter", 8, 20)) {
      counting.start();
      counting.finish(LIMIT);
      LostReplies replies = new LostReplies(proxy, history, () -> elsewhere.head(LIMIT));
      List<Operation> lost =
          bug == Bug.LOSES_ACKNOWLEDGED ? List.of() : replies.lose("lost", 50, 20, 5);
      for (Operation operation : lost) {
        caller.settle(operation, LIMIT);
        caller.send(operation, caller.node(0), LIMIT);
      }
      caller.readSource("counter", LIMIT);
      return HistoryChecker.check(history, elsewhere.log(LIMIT));
    }
  }

  @Test
  void aLogWithoutABugIsCleared() throws Exception {
    assertThat(verdict(Bug.NONE)).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
  void aSeededBugIsConvicted(Bug bug) throws Exception {
    String kind =
        switch (bug) {
          case FORGETS_APPEND_IDS -> "twice";
          case LOSES_ACKNOWLEDGED -> "lost";
          case ANSWERS_ANEW, MIXES_UP_ANSWERS -> "answer";
          case CHECKS_LOOSELY -> "condition";
          case READS_STALE -> "stale read";
          case NONE -> throw new IllegalArgumentException();
        };
    assertThat(verdict(bug)).anyMatch(finding -> finding.startsWith(kind));
  }
}
