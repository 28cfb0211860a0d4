package io.varve.node.pipeline;

import com.codahale.metrics.Counter;
import com.codahale.metrics.Histogram;
import io.varve.node.metrics.Metrics;
import io.varve.node.pipeline.PipelineAnswer.Decided;
import io.varve.node.pipeline.PipelineAnswer.NotAppended;
import io.varve.node.pipeline.PipelineAnswer.Unknown;
import io.varve.proto.v1.Condition;
import io.varve.statemachine.Outcome;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;

/**
 * What the pipeline has done. Everything here is updated in the way of appends: no update allocates
 * or locks.
 */
final class PipelineMetrics {

  private static final String APPENDS = "varve_appends_total";
  private static final String APPENDS_HELP = "Appends answered by this node as the leader.";

  private final Counter appended;
  private final Counter replayed;
  private final Counter conflict;
  private final Counter refused;
  private final Counter unknown;
  private final Map<PipelineAnswer.Reason, Counter> notAppended =
      new EnumMap<>(PipelineAnswer.Reason.class);
  private final Map<Outcome.Refusal, Counter> refusals = new EnumMap<>(Outcome.Refusal.class);
  private final Counter expectedVersions;
  private final Counter concurrencyScopes;
  private final Counter committed;
  private final Counter failed;
  private final Histogram appendTime;
  private final Histogram entryTime;
  private final Histogram entryAppends;
  private final Histogram entryBytes;

  PipelineMetrics(Metrics metrics) {
    appended = appends(metrics, "appended");
    replayed = appends(metrics, "replayed");
    conflict = appends(metrics, "conflict");
    refused = appends(metrics, "refused");
    unknown = appends(metrics, "unknown");
    for (PipelineAnswer.Reason reason : PipelineAnswer.Reason.values()) {
      notAppended.put(reason, appends(metrics, text(reason)));
    }
    for (Outcome.Refusal refusal : Outcome.Refusal.values()) {
      refusals.put(
          refusal,
          metrics.counter(
              "varve_append_refusals_total",
              "Appends the state machine refused, by why.",
              "refusal",
              text(refusal)));
    }
    expectedVersions = conflicts(metrics, "expected_version");
    concurrencyScopes = conflicts(metrics, "concurrency_scope");
    committed = entries(metrics, "applied");
    failed = entries(metrics, "failed");
    appendTime =
        metrics.durations(
            "varve_append_seconds",
            "From an append's arrival in the leader's queue to its answer, if it was decided.");
    entryTime =
        metrics.durations(
            "varve_append_entry_seconds",
            "From handing an entry to Raft until it was applied on the leader.");
    entryAppends =
        metrics.counts("varve_append_entry_appends", "Appends in an entry handed to Raft.");
    entryBytes = metrics.sizes("varve_append_entry_bytes", "Bytes of an entry handed to Raft.");
  }

  /** What the pipeline holds, as it is when it is asked. */
  static void holds(
      Metrics metrics, IntSupplier queued, LongSupplier queuedBytes, IntSupplier inFlight) {
    metrics.gauge(
        "varve_append_queue_appends", "Appends that wait in the leader's queue.", queued::getAsInt);
    metrics.gauge(
        "varve_append_queue_bytes",
        "Bytes of the appends that wait in the leader's queue.",
        queuedBytes::getAsLong);
    metrics.gauge(
        "varve_append_entries_in_flight",
        "Entries handed to Raft and not yet applied here.",
        inFlight::getAsInt);
  }

  private static Counter appends(Metrics metrics, String outcome) {
    return metrics.counter(APPENDS, APPENDS_HELP, "outcome", outcome);
  }

  private static Counter conflicts(Metrics metrics, String kind) {
    return metrics.counter(
        "varve_append_conditions_failed_total",
        "Conditions that did not hold, by kind; a conflict has one or more.",
        "kind",
        kind);
  }

  private static Counter entries(Metrics metrics, String result) {
    return metrics.counter(
        "varve_append_entries_total",
        "Entries handed to Raft, by what became of them.",
        "result",
        result);
  }

  private static String text(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  void handedOver(InFlightEntry entry) {
    entryAppends.update(entry.appends().size());
    entryBytes.update(entry.bytes());
  }

  void applied(long nanos) {
    committed.inc();
    entryTime.update(nanos);
  }

  void failed() {
    failed.inc();
  }

  /** An append was answered; with how long it took if it was decided. */
  void answered(PipelineAnswer answer, long nanos) {
    if (answer instanceof Decided decided) {
      appendTime.update(nanos);
      decided(decided.outcome());
    } else if (answer instanceof NotAppended not) {
      notAppended.get(not.reason()).inc();
    } else if (answer instanceof Unknown) {
      unknown.inc();
    }
  }

  private void decided(Outcome outcome) {
    if (outcome instanceof Outcome.Appended landed) {
      (landed.replayed() ? replayed : appended).inc();
    } else if (outcome instanceof Outcome.Conflict conflicting) {
      conflict.inc();
      for (Outcome.FailedCondition condition : conflicting.failed()) {
        boolean scope = condition.expected().getKindCase() == Condition.KindCase.CONCURRENCY_SCOPE;
        (scope ? concurrencyScopes : expectedVersions).inc();
      }
    } else if (outcome instanceof Outcome.Refused refusal) {
      refused.inc();
      refusals.get(refusal.refusal()).inc();
    }
  }
}
