package io.varve.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.statemachine.EmptyStoreException;
import io.varve.statemachine.StoreAudit;
import io.varve.statemachine.StoreAudit.Report;
import io.varve.statemachine.snapshot.LiveStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Looks at the disks of dead nodes: recomputes each one's chain from its own event records, and
 * checks its indexes against them.
 */
final class DiskAudit {
  private DiskAudit() {}

  /**
   * Audits what a kill left on a node's disk: however old that is, events and indexes must agree.
   * Nothing is left when the node had never flushed; its Raft log holds everything then.
   */
  static void assertSoundAfterKill(NodeProcess node) throws IOException {
    try (Stream<Path> files = Files.list(store(node))) {
      if (files.noneMatch(file -> file.toString().endsWith(".sst"))) {
        return;
      }
    }
    try {
      assertSound(node, Long.MAX_VALUE);
    } catch (EmptyStoreException e) {
      // Killed in the midst of its first flush: a file is there, but not yet part of the store.
    }
  }

  private static Path store(NodeProcess node) {
    return LiveStore.locate(node.dataDirectory().resolve("store"))
        .orElseThrow(() -> new AssertionError(node + " has no store"));
  }

  private static Report assertSound(NodeProcess node, long chainPosition) {
    if (node.alive()) {
      throw new IllegalStateException(node + " is alive");
    }
    Report report = StoreAudit.run(store(node), chainPosition);
    assertThat(report.problems()).as("problems in the store of %s", node).isEmpty();
    assertThat(report.clean()).as("the store of %s is clean", node).isTrue();
    return report;
  }

  /**
   * Fails unless every node's disk is sound and holds the same chain up to that head. The nodes
   * must have been stopped in an orderly way, so that everything is in their stores.
   */
  static void assertEqualChains(ProcessCluster cluster, long head) {
    Map<NodeProcess, Report> reports = new LinkedHashMap<>();
    cluster.nodes().forEach(node -> reports.put(node, assertSound(node, head)));
    reports.forEach(
        (node, report) ->
            System.out.printf(
                "%s: chain at %d of %d is %s, index %d%n",
                node,
                report.chainPosition(),
                report.head(),
                report.chainHash().substring(0, 16),
                report.appliedIndex()));
    assertThat(reports.values()).allMatch(report -> report.head() == head, "has all events");
    List<String> chains = reports.values().stream().map(Report::chainHash).distinct().toList();
    assertThat(chains).as("the chains recomputed from each disk").hasSize(1);
  }
}
