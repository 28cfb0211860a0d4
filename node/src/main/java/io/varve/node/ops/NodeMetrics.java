package io.varve.node.ops;

import io.varve.node.metrics.Metrics;

/** Who the node is, and whether it is well. */
public final class NodeMetrics {

  private NodeMetrics() {}

  /** Adds them. */
  public static void register(Metrics metrics, String nodeId, NodeHealth health) {
    metrics.gauge(
        "varve_node_info",
        "Always 1; its labels say which node this is and what it runs on.",
        () -> 1,
        "node",
        nodeId,
        "java",
        Runtime.version().toString());
    metrics.gauge(
        "varve_node_ready",
        "1 while the node is of use: it knows a leader and has caught up.",
        () -> health.notReady().isEmpty() ? 1 : 0);
    metrics.gauge(
        "varve_node_live",
        "1 while the process is worth keeping.",
        () -> health.notLive().isEmpty() ? 1 : 0);
  }
}
