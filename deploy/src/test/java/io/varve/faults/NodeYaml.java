package io.varve.faults;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The configuration file of {@code varve node --config}, as the fault tests need it. */
final class NodeYaml {
  /** So small that a run of seconds takes many snapshots, and purges the log behind them. */
  static final String SMALL_SNAPSHOTS = "snapshotLogBytes: 1MiB\nlogSegmentBytes: 1MiB";

  /** So short that a test can pause longer than Ratis remembers. */
  static final String RETRY_CACHE_OF_TWO_SECONDS = "retryCacheExpiry: 2s";

  /** As long as can be: all of a test is within it. */
  static final String RETRY_CACHE_OF_TEN_MINUTES = "retryCacheExpiry: 10m";

  /** For tests that send once and expect an answer: a machine that stands still elects nobody. */
  static final String SLOW_ELECTIONS = "electionTimeoutMin: 4s\nelectionTimeoutMax: 6s";

  /**
   * One member.
   *
   * @param id its node id
   * @param peerPort where its peers reach it
   * @param clientPort where clients reach it
   * @param adminPort where it serves its metrics
   */
  record Member(String id, int peerPort, int clientPort, int adminPort) {}

  private final String tuning;
  private final List<Member> members = new ArrayList<>();

  /**
   * A file for every member.
   *
   * @param tuning lines of the section {@code tuning}
   */
  NodeYaml(String tuning) {
    this.tuning = tuning;
  }

  void member(String id, int peerPort, int clientPort, int adminPort) {
    members.add(new Member(id, peerPort, clientPort, adminPort));
  }

  List<Member> members() {
    return List.copyOf(members);
  }

  /** The text of one member's file. */
  String text(String nodeId, Path dataDirectory) {
    StringBuilder text = new StringBuilder();
    text.append("nodeId: ").append(nodeId).append('\n');
    text.append("dataDirectory: ").append(dataDirectory).append('\n');
    members.stream()
        .filter(member -> member.id().equals(nodeId))
        .forEach(
            self -> text.append("adminListen: 127.0.0.1:").append(self.adminPort()).append('\n'));
    text.append("members:\n");
    for (Member member : members) {
      text.append("  - id: ").append(member.id()).append('\n');
      text.append("    peerAddress: 127.0.0.1:").append(member.peerPort()).append('\n');
      text.append("    clientAddress: 127.0.0.1:").append(member.clientPort()).append('\n');
    }
    if (!tuning.isEmpty()) {
      text.append("tuning:\n");
    }
    tuning.lines().forEach(line -> text.append("  ").append(line).append('\n'));
    return text.toString();
  }
}
