package io.varve.statemachine.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.varve.proto.replicated.v1.AppendBatch;
import io.varve.proto.v1.Append;
import io.varve.proto.v1.Condition;
import io.varve.proto.v1.NewEvent;
import io.varve.statemachine.Outcome;
import io.varve.statemachine.Outcome.Appended;
import io.varve.statemachine.Outcome.Conflict;
import io.varve.statemachine.Outcome.Refused;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Counts what a run met, so that a degenerate generator is noticed. */
final class Tally {

  private static final double LEAST_PERCENT = 2;

  /** Over few histories a share wobbles by a factor of two: they prove only that it is not nil. */
  private static final double LEAST_PERCENT_OF_A_SHORT_RUN = 0.4;

  private static final int SHORT_RUN = 1_000;
  private static final int FEWEST_TRIES = 50;

  private static final List<String> KINDS =
      List.of(
          "appended",
          "conflict",
          "conflict of several conditions",
          "replayed",
          "refused INVALID_ARGUMENT",
          "refused APPEND_ID_REUSED",
          "refused FATE_UNKNOWN",
          "refused OUT_OF_RANGE",
          "refused NOT_FOUNDED",
          "multi-source appends",
          "check-only appends",
          "origin runs landed",
          "origin runs landed, some of them skipped",
          "origin runs replayed",
          "origin runs with voids",
          "refused SEQUENCE_GAP",
          "refused ORIGIN_DIVERGED",
          "keys set and removed",
          "scopes from the start",
          "scopes in mid-log",
          "expected versions");

  private final Map<String, Long> counts = new TreeMap<>();
  private final Set<ByteString> sent = new HashSet<>();
  private long appends;
  private long tries;

  /** A new history begins. */
  void nextTry() {
    sent.clear();
    tries++;
  }

  /** Counts something that is not an append's. */
  void count(String what) {
    counts.merge(what, 1L, Long::sum);
  }

  /** Counts appends by their outcomes and by what they asked. */
  void count(AppendBatch batch, List<Outcome> outcomes, long head) {
    for (int i = 0; i < batch.getAppendsCount(); i++) {
      appends++;
      Append append = batch.getAppends(i);
      count(kind(append, outcomes.get(i)));
      if (append.getEventsList().stream().map(NewEvent::getSource).distinct().count() > 1) {
        count("multi-source appends");
      }
      if (append.getEventsList().stream().anyMatch(NewEvent::getTombstone)) {
        count("keys set and removed");
      }
      if (outcomes.get(i) instanceof Appended appended && append.hasOrigin()) {
        countRun(append, appended);
      }
      if (append.getConditionsCount() > 1) {
        count("appends with several conditions");
      }
      if (append.getEventsCount() == 0 && !append.hasOrigin()) {
        count("check-only appends");
      }
      if (append.hasAppendId() && !sent.add(append.getAppendId().getId())) {
        count("append ids sent again");
      }
      for (Condition condition : append.getConditionsList()) {
        if (condition.hasConcurrencyScope()) {
          long after = condition.getConcurrencyScope().getAfter();
          count(
              after == 0
                  ? "scopes from the start"
                  : after > 0 && after < head
                      ? "scopes in mid-log"
                      : "scopes at the head or above");
        } else if (condition.hasExpectedVersion()) {
          count("expected versions");
        }
      }
    }
  }

  private void countRun(Append append, Appended appended) {
    if (append.getOrigin().getVoidsCount() > 0) {
      count("origin runs with voids");
    }
    if (!appended.replayed()) {
      long landed =
          appended.firstPosition() == 0
              ? 0
              : appended.lastPosition() - appended.firstPosition() + 1;
      long events = append.getEventsCount();
      count(landed < events ? "origin runs landed, some of them skipped" : "origin runs landed");
    }
  }

  private static String kind(Append append, Outcome outcome) {
    if (outcome instanceof Appended appended) {
      if (append.hasOrigin()) {
        return appended.replayed() ? "origin runs replayed" : "appended by origin";
      }
      return appended.replayed() ? "replayed" : "appended";
    } else if (outcome instanceof Conflict conflict) {
      return conflict.failed().size() > 1 ? "conflict of several conditions" : "conflict";
    }
    return "refused " + ((Refused) outcome).refusal();
  }

  /** How often something was met per hundred appends. */
  double percent(String what) {
    return appends == 0 ? 0 : 100.0 * counts.getOrDefault(what, 0L) / appends;
  }

  /**
   * Every kind of append was met often enough to be worth a claim: {@value #LEAST_PERCENT} in a
   * hundred, {@value #LEAST_PERCENT_OF_A_SHORT_RUN} in a run of fewer than {@value #SHORT_RUN}
   * histories. Says nothing of runs too short to tell, as when one history is tried again.
   *
   * @param more what else must have been
   */
  void assertShares(List<String> more) {
    if (tries < FEWEST_TRIES) {
      return;
    }
    List<String> kinds = new ArrayList<>(KINDS);
    kinds.addAll(more);
    double least = tries < SHORT_RUN ? LEAST_PERCENT_OF_A_SHORT_RUN : LEAST_PERCENT;
    for (String what : kinds) {
      assertThat(percent(what)).as("share of " + what).isGreaterThanOrEqualTo(least);
    }
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    text.append(String.format("%d histories, %d appends%n", tries, appends));
    counts.forEach(
        (what, count) ->
            text.append(String.format("%8d %6.1f %% %s%n", count, percent(what), what)));
    return text.toString();
  }
}
