package io.varve.statemachine.model;

import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import io.varve.proto.v1.Filter;
import io.varve.proto.v1.FilterItem;
import io.varve.proto.v1.NewEvent;
import io.varve.statemachine.model.Plan.AfterBase;
import io.varve.statemachine.model.Plan.Again;
import io.varve.statemachine.model.Plan.AppendPlan;
import io.varve.statemachine.model.Plan.Appends;
import io.varve.statemachine.model.Plan.ConditionPlan;
import io.varve.statemachine.model.Plan.Defect;
import io.varve.statemachine.model.Plan.Entry;
import io.varve.statemachine.model.Plan.Expected;
import io.varve.statemachine.model.Plan.IdPlan;
import io.varve.statemachine.model.Plan.Known;
import io.varve.statemachine.model.Plan.KnownBase;
import io.varve.statemachine.model.Plan.LateFounding;
import io.varve.statemachine.model.Plan.Named;
import io.varve.statemachine.model.Plan.NoId;
import io.varve.statemachine.model.Plan.RaftsOwn;
import io.varve.statemachine.model.Plan.RunPlan;
import io.varve.statemachine.model.Plan.ScopePlan;
import io.varve.statemachine.model.Plan.VersionPlan;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Tuple;

/**
 * Generates {@link Plan}s. The alphabets are tiny and the same for every kind of label, so that
 * collisions, conflicts, replays and mix-ups between kinds are the rule.
 */
final class Plans {

  /** A limit that no generated history reaches. */
  static final long NO_STEP_LIMIT = 1_000_000_000;

  /** What sources are drawn from. */
  static final List<String> SOURCES = List.of("a", "b", "c", "d");

  private static final List<String> LABELS = List.of("a", "b", "c");

  private Plans() {}

  /**
   * Histories of up to a number of entries.
   *
   * @param maxEntries how many at most
   * @param stepLimits what scope step limits are drawn from
   */
  static Arbitrary<Plan> plans(int maxEntries, List<Long> stepLimits) {
    Arbitrary<List<Entry>> tooEarly =
        Arbitraries.frequencyOf(
            Tuple.of(3, Arbitraries.just(List.of())),
            Tuple.of(1, entries().list().ofMinSize(1).ofMaxSize(Math.max(1, maxEntries / 6))));
    return Combinators.combine(
            Arbitraries.longs().between(1, 20),
            Arbitraries.of(stepLimits),
            tooEarly,
            entries().list().ofMinSize(maxEntries / 3).ofMaxSize(maxEntries))
        .as(Plan::new);
  }

  private static Arbitrary<Entry> entries() {
    Arbitrary<Integer> clockSteps =
        Arbitraries.frequencyOf(
            Tuple.of(4, Arbitraries.integers().between(0, 3)),
            Tuple.of(1, Arbitraries.integers().between(-5, -1)));
    Arbitrary<Entry> appends =
        Combinators.combine(
                clockSteps,
                Arbitraries.integers().between(0, 7).map(n -> n == 7),
                appends().list().ofMinSize(1).ofMaxSize(4))
            .as(Appends::new);
    return Arbitraries.frequencyOf(
        Tuple.of(20, appends),
        Tuple.of(1, Arbitraries.integers().between(1, 20).map(LateFounding::new)),
        Tuple.of(2, Arbitraries.create(RaftsOwn::new)));
  }

  private static Arbitrary<AppendPlan> appends() {
    Arbitrary<List<NewEvent>> events =
        Arbitraries.frequencyOf(
            Tuple.of(18, events().list().ofMinSize(1).ofMaxSize(3)),
            Tuple.of(2, events().list().ofMinSize(4).ofMaxSize(7)),
            Tuple.of(1, Arbitraries.just(List.of())));
    Arbitrary<List<ConditionPlan>> conditions =
        Arbitraries.frequencyOf(
            Tuple.of(2, Arbitraries.just(List.of())),
            Tuple.of(3, conditions().list().ofSize(1)),
            Tuple.of(7, conditions().list().ofMinSize(2).ofMaxSize(4)));
    Arbitrary<Defect> defects =
        Arbitraries.frequencyOf(
            Tuple.of(30, Arbitraries.just(Defect.NONE)), Tuple.of(1, Arbitraries.of(Defect.class)));
    return Combinators.combine(ids(), events, conditions, defects).as(AppendPlan::new);
  }

  private static Arbitrary<IdPlan> ids() {
    Arbitrary<Known> known =
        Arbitraries.frequencyOf(
            Tuple.of(6, near(KnownBase.HEAD, -8, 0)),
            Tuple.of(6, near(KnownBase.EDGE, -1, 2)),
            Tuple.of(2, near(KnownBase.HEAD, 1, 3)),
            Tuple.of(1, Arbitraries.just(new Known(KnownBase.HUGE, 0))));
    Arbitrary<IdPlan> named =
        Combinators.combine(Arbitraries.integers().between(0, Planner.ID_NAMES - 1), known)
            .as(Named::new);
    Arbitrary<IdPlan> again =
        Combinators.combine(
                Arbitraries.integers().between(0, 9),
                Arbitraries.integers().between(0, 3).map(n -> n == 3),
                Arbitraries.integers().between(0, 2).map(n -> n == 2))
            .as(Again::new);
    Arbitrary<IdPlan> run =
        Combinators.combine(
                Arbitraries.integers().between(0, Planner.BUFFERS - 1),
                Arbitraries.frequencyOf(
                    Tuple.of(3, Arbitraries.just(0)),
                    Tuple.of(8, Arbitraries.integers().between(1, 5)),
                    Tuple.of(2, Arbitraries.integers().between(-2, -1))),
                Arbitraries.integers().between(1, 5),
                Arbitraries.frequencyOf(
                    Tuple.of(2, Arbitraries.just(0)),
                    Tuple.of(3, Arbitraries.integers().between(1, 31))),
                Arbitraries.frequencyOf(
                    Tuple.of(4, Arbitraries.just(-1)),
                    Tuple.of(4, Arbitraries.integers().between(0, 2))))
            .as(RunPlan::new);
    return Arbitraries.frequencyOf(
        Tuple.of(5, Arbitraries.create(NoId::new)),
        Tuple.of(4, named),
        Tuple.of(6, again),
        Tuple.of(7, run));
  }

  private static Arbitrary<Known> near(KnownBase base, int from, int to) {
    return Arbitraries.integers().between(from, to).map(offset -> new Known(base, offset));
  }

  private static Arbitrary<ConditionPlan> conditions() {
    Arbitrary<ConditionPlan> exact =
        Combinators.combine(
                sources(),
                Arbitraries.frequencyOf(
                    Tuple.of(3, Arbitraries.just(0)),
                    Tuple.of(1, Arbitraries.integers().between(-1, 1))))
            .as((source, offset) -> new VersionPlan(source, Expected.EXACTLY, offset));
    Arbitrary<ConditionPlan> existence =
        Combinators.combine(sources(), Arbitraries.of(Expected.MUST_EXIST, Expected.MUST_NOT_EXIST))
            .as((source, expected) -> new VersionPlan(source, expected, 0));
    return Arbitraries.frequencyOf(
        Tuple.of(6, exact), Tuple.of(2, existence), Tuple.of(10, scopes()));
  }

  private static Arbitrary<ConditionPlan> scopes() {
    Arbitrary<Tuple.Tuple2<AfterBase, Integer>> after =
        Arbitraries.frequencyOf(
            Tuple.of(2, Arbitraries.just(Tuple.of(AfterBase.ZERO, 0))),
            Tuple.of(4, near(AfterBase.NEWEST_MATCH, -1, 1)),
            Tuple.of(6, near(AfterBase.HEAD, -5, 0)),
            Tuple.of(2, near(AfterBase.MIDDLE, -2, 2)),
            Tuple.of(1, near(AfterBase.HEAD, 1, 2)),
            Tuple.of(1, Arbitraries.just(Tuple.of(AfterBase.HUGE, 0))));
    return Combinators.combine(filters(), after)
        .as((filter, base) -> new ScopePlan(filter, base.get1(), base.get2()));
  }

  private static Arbitrary<Tuple.Tuple2<AfterBase, Integer>> near(
      AfterBase base, int from, int to) {
    return Arbitraries.integers().between(from, to).map(offset -> Tuple.of(base, offset));
  }

  /** Filters of one to three items that each name at least one label. */
  static Arbitrary<Filter> filters() {
    Arbitrary<FilterItem> item =
        Combinators.combine(
                rarely(sources(), ""),
                rarely(labels(), ""),
                rarely(labels(), ""),
                rarely(labels(), ""),
                rarely(labels().list().ofMinSize(1).ofMaxSize(3), List.of()),
                rarely(labels().list().ofMinSize(1).ofMaxSize(3), List.of()))
            .as(
                (source, sourceType, streamType, streamId, types, tags) ->
                    FilterItem.newBuilder()
                        .setSource(source)
                        .setSourceType(sourceType)
                        .setStreamType(streamType)
                        .setStreamId(streamId)
                        .addAllTypes(types)
                        .addAllTags(tags)
                        .build())
            .map(
                any ->
                    any.equals(FilterItem.getDefaultInstance())
                        ? any.toBuilder().addTags("a").build()
                        : any);
    return Arbitraries.frequencyOf(
            Tuple.of(3, item.list().ofSize(1)), Tuple.of(2, item.list().ofMinSize(2).ofMaxSize(3)))
        .map(items -> Filter.newBuilder().addAllAnyOf(items).build());
  }

  private static <T> Arbitrary<T> rarely(Arbitrary<T> set, T unset) {
    return Arbitraries.frequencyOf(Tuple.of(3, Arbitraries.just(unset)), Tuple.of(1, set));
  }

  private static <T> Arbitrary<T> often(Arbitrary<T> set, T unset) {
    return Arbitraries.frequencyOf(Tuple.of(1, Arbitraries.just(unset)), Tuple.of(2, set));
  }

  private static Arbitrary<String> sources() {
    return Arbitraries.of(SOURCES);
  }

  private static Arbitrary<String> labels() {
    return Arbitraries.of(LABELS);
  }

  private static Arbitrary<NewEvent> events() {
    Arbitrary<NewEvent> labelled =
        Combinators.combine(
                sources(),
                labels(),
                often(labels(), ""),
                often(labels(), ""),
                often(labels(), ""),
                labels().set().ofMaxSize(3))
            .as(
                (source, type, sourceType, streamType, streamId, tags) ->
                    NewEvent.newBuilder()
                        .setSource(source)
                        .setType(type)
                        .setSourceType(sourceType)
                        .setStreamType(streamType)
                        .setStreamId(streamId)
                        .addAllTags(tags)
                        .build());
    Arbitrary<Integer> content = Arbitraries.integers().between(0, 63);
    return Combinators.combine(labelled, rarely(labels(), ""), content).as(Plans::withContent);
  }

  /** What no condition looks at, yet every read must return and every digest must cover. */
  private static NewEvent withContent(NewEvent event, String key, int content) {
    NewEvent.Builder filled = event.toBuilder().setKey(key);
    filled.setTombstone(!key.isEmpty() && (content & 3) == 3);
    filled.setData(ByteString.copyFromUtf8("{\"n\":" + (content & 3) + "}"));
    if ((content & 4) != 0) {
      filled.setContentType("application/json");
    }
    if ((content & 8) != 0) {
      filled.setMetadata(ByteString.copyFromUtf8("{}"));
    }
    if ((content & 16) != 0) {
      filled.setOccurred(Timestamp.newBuilder().setSeconds(-3).setNanos(content));
    }
    if ((content & 32) != 0) {
      filled.setId("e" + (content & 1)).clearData();
    }
    return filled.build();
  }
}
