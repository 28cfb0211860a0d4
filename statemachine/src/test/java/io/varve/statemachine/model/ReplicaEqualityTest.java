package io.varve.statemachine.model;

import io.varve.statemachine.StoreOptions;
import java.util.List;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.lifecycle.AfterContainer;

/**
 * Replicas fed the same commands hold equal state and give equal outcomes, whatever happens to them
 * on the way and however the appends are grouped.
 */
class ReplicaEqualityTest {

  private static final Tally TALLY = new Tally();
  private static final Tally REGROUPED_TALLY = new Tally();

  @Property(edgeCases = EdgeCasesMode.NONE)
  void replicasStayEqual(
      @ForAll("histories") Plan plan,
      @ForAll("disturbances") List<Disturbance> second,
      @ForAll("disturbances") List<Disturbance> third) {
    StoreOptions options = StoreOptions.defaults();
    StoreOptions forgetful =
        options.withCachedLabels(1).withCachedSources(1).withWriteBufferBytes(64 << 10);
    try (Scratch scratch = new Scratch();
        CoreReplica undisturbed = new CoreReplica(scratch, options);
        CoreReplica flushing = new CoreReplica(scratch, forgetful);
        CoreReplica losing = new CoreReplica(scratch, options.withFlushOnClose(false))) {
      Comparison.replicas(
          plan, List.of(second, third), List.of(undisturbed, flushing, losing), TALLY);
    }
  }

  @Property(edgeCases = EdgeCasesMode.NONE)
  void groupingDoesNotMatter(@ForAll("histories") Plan plan, @ForAll("sizes") List<Integer> sizes) {
    try (Scratch scratch = new Scratch()) {
      Comparison.regrouped(
          plan, sizes, () -> new CoreReplica(scratch, StoreOptions.defaults()), REGROUPED_TALLY);
    }
  }

  @Provide
  Arbitrary<Plan> histories() {
    return Plans.plans(24, List.of(Plans.NO_STEP_LIMIT, 4L, 16L));
  }

  @Provide
  Arbitrary<List<Disturbance>> disturbances() {
    return disturbanceScripts();
  }

  /** What happens after each entry, over and over. */
  static Arbitrary<List<Disturbance>> disturbanceScripts() {
    return Arbitraries.frequencyOf(
            Tuple.of(10, Arbitraries.just(Disturbance.NONE)),
            Tuple.of(5, Arbitraries.of(Disturbance.class)))
        .list()
        .ofMinSize(5)
        .ofMaxSize(25);
  }

  @Provide
  Arbitrary<List<Integer>> sizes() {
    return groupSizes();
  }

  /** How large the pieces are, over and over. */
  static Arbitrary<List<Integer>> groupSizes() {
    return Arbitraries.integers().between(1, 4).list().ofMinSize(1).ofMaxSize(6);
  }

  @AfterContainer
  static void theHistoriesWereNotDegenerate() {
    System.out.println("Three replicas: " + TALLY);
    System.out.println("Regrouped: " + REGROUPED_TALLY);
    TALLY.assertShares(
        Stream.concat(
                Stream.of(Disturbance.values()).map(Disturbance::counted),
                Stream.of(
                    "refused SCOPE_TOO_WIDE",
                    "entries delivered again to a store that has them",
                    "entries replayed to a store that lost them"))
            .toList());
    REGROUPED_TALLY.assertShares(
        List.of("refused SCOPE_TOO_WIDE", "entries cut", "entries joined to the one before"));
  }
}
