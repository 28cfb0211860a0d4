package io.varve.gateway.http;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * One node's figures, from its metrics (docs/metrics.md).
 *
 * @param address its admin address
 * @param error why it could not be asked; empty = it was
 * @param numbers by the field of {@code /v1/stats}; what the node does not say is left out
 * @param words the node's id and role, where it says them
 * @param appends appends it answered as the leader, by outcome, since it started
 */
record NodeFigures(
    String address,
    String error,
    Map<String, Double> numbers,
    Map<String, String> words,
    Map<String, Double> appends) {

  private static final String APPENDS = "varve_appends_total";
  private static final String APPEND_SECONDS = "varve_append_seconds";
  private static final double MICROS = 1e6;

  static NodeFigures unreachable(String address, String error) {
    return new NodeFigures(address, error, Map.of(), Map.of(), Map.of());
  }

  /**
   * The figures.
   *
   * @param earlier what it said before, if it was asked before
   * @param seconds how long ago that was
   */
  static NodeFigures of(
      String address, PrometheusSamples now, Optional<PrometheusSamples> earlier, double seconds) {
    Map<String, Double> numbers = new LinkedHashMap<>();
    put(numbers, "head", now.sum("varve_log_head_position"));
    put(numbers, "term", now.sum("varve_raft_term"));
    put(numbers, "ready", now.sum("varve_node_ready"));
    put(numbers, "applyLagEntries", now.sum("varve_raft_apply_lag_entries"));
    put(numbers, "queuedAppends", now.sum("varve_append_queue_appends"));
    put(numbers, "openStreams", now.sum("varve_streams_open"));
    put(numbers, "heapUsedBytes", heap(now));
    put(numbers, "residentBytes", now.sum("process_resident_memory_bytes"));
    put(numbers, "freeBytes", now.sum("varve_data_free_bytes"));
    micros(numbers, "logSyncP99Micros", now.sum("varve_raft_log_sync_p99_seconds"));
    Map<String, Double> appends = now.by(APPENDS, "outcome");
    if (earlier.isPresent() && seconds > 0 && !restarted(now, earlier.get())) {
      PrometheusSamples before = earlier.get();
      rate(numbers, "appendsPerSecond", now, before, APPENDS, seconds);
      rate(numbers, "positionsPerSecond", now, before, "varve_log_head_position", seconds);
      rate(numbers, "readEventsPerSecond", now, before, "varve_read_events_total", seconds);
      micros(numbers, "appendP50Micros", now.quantile(0.5, APPEND_SECONDS, before));
      micros(numbers, "appendP99Micros", now.quantile(0.99, APPEND_SECONDS, before));
      micros(numbers, "applyP99Micros", now.quantile(0.99, "varve_apply_seconds", before));
    }
    Map<String, String> words = new LinkedHashMap<>();
    now.samples("varve_node_info").stream()
        .map(sample -> sample.labels().getOrDefault("node", ""))
        .filter(id -> !id.isEmpty())
        .findFirst()
        .ifPresent(id -> words.put("id", id));
    now.samples("varve_raft_role").stream()
        .filter(sample -> sample.value() == 1)
        .map(sample -> sample.labels().getOrDefault("role", ""))
        .findFirst()
        .ifPresent(role -> words.put("role", role));
    return new NodeFigures(address, "", numbers, words, appends);
  }

  /** Counters began anew: differences would be nonsense. */
  private static boolean restarted(PrometheusSamples now, PrometheusSamples before) {
    return !now.sum("process_start_time_seconds").equals(before.sum("process_start_time_seconds"));
  }

  private static OptionalDouble heap(PrometheusSamples now) {
    Map<String, Double> used = now.by("jvm_memory_used_bytes", "area");
    return used.containsKey("heap")
        ? OptionalDouble.of(used.getOrDefault("heap", 0.0))
        : OptionalDouble.empty();
  }

  private static void rate(
      Map<String, Double> numbers,
      String field,
      PrometheusSamples now,
      PrometheusSamples before,
      String metric,
      double seconds) {
    OptionalDouble current = now.sum(metric);
    OptionalDouble earlier = before.sum(metric);
    if (current.isPresent() && earlier.isPresent()) {
      double change = Math.max(0, current.getAsDouble() - earlier.getAsDouble());
      numbers.put(field, change / seconds);
    }
  }

  private static void micros(Map<String, Double> numbers, String field, OptionalDouble seconds) {
    if (seconds.isPresent()) {
      put(numbers, field, OptionalDouble.of(seconds.getAsDouble() * MICROS));
    }
  }

  private static void put(Map<String, Double> numbers, String field, OptionalDouble value) {
    // JSON has no word for what is not a number.
    if (value.isPresent() && Double.isFinite(value.getAsDouble())) {
      numbers.put(field, value.getAsDouble());
    }
  }
}
