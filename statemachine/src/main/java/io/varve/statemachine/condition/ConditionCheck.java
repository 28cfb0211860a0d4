package io.varve.statemachine.condition;

import io.varve.proto.v1.ConcurrencyScope;
import io.varve.proto.v1.Condition;
import io.varve.proto.v1.Existence;
import io.varve.proto.v1.ExpectedVersion;
import io.varve.statemachine.Outcome;
import io.varve.statemachine.Outcome.ConflictingEvent;
import io.varve.statemachine.Outcome.FailedCondition;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Decides the conditions of an append against the log just before it. All are evaluated; a refusal
 * wins over conflicts.
 */
public final class ConditionCheck {

  private final LogView log;
  private final ScopeCheck scopes;

  public ConditionCheck(LogView log) {
    this.log = log;
    this.scopes = new ScopeCheck(log);
  }

  /**
   * Why the append must not land: a conflict or a refusal; empty if every condition holds.
   *
   * @param conditions well-formed conditions, in request order
   * @param scopeStepLimit how many steps all scopes together may take
   */
  public Optional<Outcome> check(List<Condition> conditions, long scopeStepLimit) {
    if (conditions.isEmpty()) {
      return Optional.empty();
    }
    Optional<Outcome> refused = checkHistory(conditions);
    if (refused.isPresent()) {
      return refused;
    }
    StepBudget budget = new StepBudget(scopeStepLimit);
    List<FailedCondition> failed = new ArrayList<>(0);
    for (int i = 0; i < conditions.size(); i++) {
      Condition condition = conditions.get(i);
      if (condition.hasExpectedVersion()) {
        check(i, condition, condition.getExpectedVersion()).ifPresent(failed::add);
      } else {
        check(i, condition, condition.getConcurrencyScope(), budget).ifPresent(failed::add);
        if (budget.exceeded()) {
          return Optional.of(tooWide(i, budget));
        }
      }
    }
    return failed.isEmpty() ? Optional.empty() : Optional.of(new Outcome.Conflict(failed));
  }

  /** A position above the head was taken from another history: nothing may be decided by it. */
  private Optional<Outcome> checkHistory(List<Condition> conditions) {
    for (int i = 0; i < conditions.size(); i++) {
      Condition condition = conditions.get(i);
      if (condition.hasConcurrencyScope()) {
        long after = condition.getConcurrencyScope().getAfter();
        if (Long.compareUnsigned(after, log.head()) > 0) {
          return Optional.of(
              new Outcome.Refused(
                  Outcome.Refusal.OUT_OF_RANGE,
                  field(i) + ".concurrency_scope.after",
                  "after is "
                      + Long.toUnsignedString(after)
                      + ", above the head "
                      + log.head()
                      + ": it was taken from another history"));
        }
      }
    }
    return Optional.empty();
  }

  private Optional<FailedCondition> check(
      int index, Condition condition, ExpectedVersion expected) {
    long found = log.version(expected.getSource());
    if (holds(expected, found)) {
      return Optional.empty();
    }
    Optional<ConflictingEvent> newest =
        found == 0
            ? Optional.empty()
            : Optional.of(log.describe(log.newestPosition(expected.getSource())));
    return Optional.of(new FailedCondition(index, condition, found, newest));
  }

  private static boolean holds(ExpectedVersion expected, long found) {
    if (expected.hasExactly()) {
      return found == expected.getExactly();
    }
    return (found > 0) == (expected.getExistence() == Existence.EXISTENCE_MUST_EXIST);
  }

  private Optional<FailedCondition> check(
      int index, Condition condition, ConcurrencyScope scope, StepBudget budget) {
    long match = scopes.newestMatch(scope, budget);
    return match == Walk.NONE
        ? Optional.empty()
        : Optional.of(new FailedCondition(index, condition, 0, Optional.of(log.describe(match))));
  }

  private static Outcome.Refused tooWide(int index, StepBudget budget) {
    return new Outcome.Refused(
        Outcome.Refusal.SCOPE_TOO_WIDE,
        field(index) + ".concurrency_scope",
        "deciding this append's scopes takes more than "
            + budget.limit()
            + " steps: use a newer position or rarer labels");
  }

  private static String field(int index) {
    return "append.conditions[" + index + "]";
  }
}
