package io.varve.statemachine.model;

import io.varve.statemachine.StoreOptions;
import java.util.List;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterContainer;

/** The core decides and answers as the model does, whatever the history. */
class ModelAgreementTest {

  private static final Tally TALLY = new Tally();
  private static final Tally NARROW_TALLY = new Tally();

  @Property(edgeCases = EdgeCasesMode.NONE)
  void coreAndModelAgree(@ForAll("histories") Plan plan) {
    run(plan, StoreOptions.defaults(), TALLY);
  }

  @Property(edgeCases = EdgeCasesMode.NONE)
  void coreAndModelAgreeWithinASmallStepLimitAndSmallCaches(@ForAll("narrow") Plan plan) {
    run(plan, StoreOptions.defaults().withCachedLabels(2).withCachedSources(2), NARROW_TALLY);
  }

  private static void run(Plan plan, StoreOptions options, Tally tally) {
    // Nothing is reopened here, so nothing need be flushed: that is most of a history's time.
    try (Scratch scratch = new Scratch();
        CoreReplica core = new CoreReplica(scratch, options.withFlushOnClose(false))) {
      Comparison.withModel(plan, core, tally);
    }
  }

  @Provide
  Arbitrary<Plan> histories() {
    return Plans.plans(40, List.of(Plans.NO_STEP_LIMIT));
  }

  @Provide
  Arbitrary<Plan> narrow() {
    return Plans.plans(30, List.of(1L, 3L, 10L, 30L));
  }

  @AfterContainer
  static void theHistoriesWereNotDegenerate() {
    System.out.println("Core and model: " + TALLY);
    System.out.println("Core and model, small step limit: " + NARROW_TALLY);
    TALLY.assertShares(List.of());
    NARROW_TALLY.assertShares(List.of("refused SCOPE_TOO_WIDE"));
  }
}
