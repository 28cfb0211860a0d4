package io.varve.statemachine.condition;

import static io.varve.statemachine.TestLog.exactly;
import static io.varve.statemachine.TestLog.mustExist;
import static io.varve.statemachine.TestLog.mustNotExist;
import static io.varve.statemachine.TestLog.scope;
import static io.varve.statemachine.TestLog.tags;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.proto.v1.Condition;
import io.varve.statemachine.Outcome;
import io.varve.statemachine.Outcome.Conflict;
import io.varve.statemachine.Outcome.ConflictingEvent;
import io.varve.statemachine.Outcome.FailedCondition;
import io.varve.statemachine.Outcome.Refusal;
import io.varve.statemachine.Outcome.Refused;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ConditionCheckTest {

  private static final long LIMIT = 100;

  private final ListedLog log = new ListedLog().add("a", "TAG:x").add("a").add("b", "TAG:x");
  private final ConditionCheck check = new ConditionCheck(log);

  @Test
  void holdsWhenEveryConditionHolds() {
    assertThat(check()).isEmpty();
    assertThat(check(exactly("a", 2), exactly("c", 0), mustExist("b"), mustNotExist("c")))
        .isEmpty();
    assertThat(check(scope(3, tags("x")), scope(0, tags("y")))).isEmpty();
  }

  @Test
  void saysWhatWasFoundOfEachThatFails() {
    Condition wrong = exactly("a", 1);
    Condition missing = exactly("c", 1);
    Condition taken = scope(1, tags("x"));

    assertThat(check(wrong, mustExist("a"), missing, taken))
        .contains(
            new Conflict(
                List.of(
                    new FailedCondition(
                        0, wrong, 2, Optional.of(new ConflictingEvent(2, "a", "type"))),
                    new FailedCondition(2, missing, 0, Optional.empty()),
                    new FailedCondition(
                        3, taken, 0, Optional.of(new ConflictingEvent(3, "b", "type"))))));
  }

  @Test
  void anAfterAboveTheHeadWinsOverEveryConflict() {
    assertThat(check(exactly("a", 1), scope(4, tags("x"))))
        .hasValueSatisfying(
            outcome -> {
              Refused refused = (Refused) outcome;
              assertThat(refused.refusal()).isEqualTo(Refusal.OUT_OF_RANGE);
              assertThat(refused.field()).isEqualTo("append.conditions[1].concurrency_scope.after");
              assertThat(refused.message()).contains("4").contains("3");
            });
    assertThat(check(scope(-1, tags("x"))))
        .as("2^64-1 is far above the head")
        .hasValueSatisfying(
            outcome -> assertThat(((Refused) outcome).refusal()).isEqualTo(Refusal.OUT_OF_RANGE));
  }

  @Test
  void allScopesOfAnAppendShareTheLimit() {
    Condition twoSteps = scope(0, tags("x"));
    List<Condition> three = List.of(twoSteps, twoSteps, twoSteps);

    assertThat(check.check(three, 6))
        .hasValueSatisfying(o -> assertThat(o).isInstanceOf(Conflict.class));
    assertThat(check.check(three, 5))
        .hasValueSatisfying(
            outcome -> {
              Refused refused = (Refused) outcome;
              assertThat(refused.refusal()).isEqualTo(Refusal.SCOPE_TOO_WIDE);
              assertThat(refused.field()).isEqualTo("append.conditions[2].concurrency_scope");
              assertThat(refused.message()).contains("5");
            });
  }

  private Optional<Outcome> check(Condition... conditions) {
    return check.check(List.of(conditions), LIMIT);
  }
}
