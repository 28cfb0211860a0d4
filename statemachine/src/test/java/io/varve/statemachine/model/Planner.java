package io.varve.statemachine.model;

import com.google.protobuf.ByteString;
import io.varve.proto.replicated.v1.AppendBatch;
import io.varve.proto.replicated.v1.Command;
import io.varve.proto.replicated.v1.Founding;
import io.varve.proto.v1.Append;
import io.varve.proto.v1.AppendId;
import io.varve.proto.v1.ConcurrencyScope;
import io.varve.proto.v1.Condition;
import io.varve.proto.v1.Existence;
import io.varve.proto.v1.ExpectedVersion;
import io.varve.proto.v1.Filter;
import io.varve.proto.v1.FilterItem;
import io.varve.proto.v1.NewEvent;
import io.varve.proto.v1.Origin;
import io.varve.statemachine.model.Plan.Again;
import io.varve.statemachine.model.Plan.AppendPlan;
import io.varve.statemachine.model.Plan.Appends;
import io.varve.statemachine.model.Plan.ConditionPlan;
import io.varve.statemachine.model.Plan.Defect;
import io.varve.statemachine.model.Plan.Entry;
import io.varve.statemachine.model.Plan.Known;
import io.varve.statemachine.model.Plan.LateFounding;
import io.varve.statemachine.model.Plan.Named;
import io.varve.statemachine.model.Plan.RunPlan;
import io.varve.statemachine.model.Plan.ScopePlan;
import io.varve.statemachine.model.Plan.VersionPlan;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Turns a {@link Plan} into commands, entry by entry, looking at the state each will meet. Within
 * an entry it looks at what earlier appends of the entry will have left.
 */
final class Planner {

  /** Names that {@link Named} ids are drawn from: 0 to this, exclusive. */
  static final int ID_NAMES = 6;

  /** The client that all runs come from, and how many buffers it has: {@code b0}, {@code b1}, … */
  static final String CLIENT = "client";

  static final int BUFFERS = 3;

  /** What the leader's clock says before the first entry, in microseconds. */
  static final long CLOCK_START = 1_000_000;

  private long clockMicros = CLOCK_START;
  private long stamp = 0;
  private long nextFreshId = ID_NAMES;
  private final List<Append> sentWithId = new ArrayList<>();

  /** What each buffer holds, from number 1 on; empty = a void. */
  private final List<List<Optional<NewEvent>>> buffers = new ArrayList<>();

  Planner() {
    for (int i = 0; i < BUFFERS; i++) {
      buffers.add(new ArrayList<>());
    }
  }

  /** The command that founds the log. */
  static Command founding(Plan plan) {
    return founding(plan.dedupWindow(), plan.scopeStepLimit(), 7);
  }

  /** The next entry's command, or empty when the entry is Ratis's own. */
  Optional<Command> command(Entry entry, LogModel state) {
    if (entry instanceof Appends appends) {
      clockMicros += appends.clockStep();
      stamp++;
      LogModel predicted = new LogModel(state);
      AppendBatch.Builder batch =
          AppendBatch.newBuilder().setRecordedMicros(clockMicros).setSaltSeed(bytes(0x5a17, stamp));
      for (AppendPlan plan : appends.appends()) {
        Append append = append(plan, predicted);
        if (append.hasAppendId()) {
          sentWithId.add(append);
        }
        predicted.apply(
            command(AppendBatch.newBuilder().setRecordedMicros(clockMicros).addAppends(append)));
        batch.addAppends(append);
      }
      return Optional.of(command(batch));
    } else if (entry instanceof LateFounding late) {
      return Optional.of(founding(late.dedupWindow(), 1, 8));
    }
    return Optional.empty();
  }

  static Command command(AppendBatch.Builder batch) {
    return Command.newBuilder().setFormat(1).setAppendBatch(batch).build();
  }

  private static Command founding(long dedupWindow, long scopeStepLimit, long identity) {
    return Command.newBuilder()
        .setFormat(1)
        .setFounding(
            Founding.newBuilder()
                .setLogIdentity(bytes(0x1d, identity))
                .setLog("default")
                .setDedupWindow(dedupWindow)
                .setScopeStepLimit(scopeStepLimit))
        .build();
  }

  private Append append(AppendPlan plan, LogModel state) {
    Append.Builder append = Append.newBuilder().addAllEvents(plan.events());
    for (ConditionPlan condition : plan.conditions()) {
      append.addConditions(condition(condition, state));
    }
    if (plan.id() instanceof Named named) {
      append.setAppendId(
          AppendId.newBuilder()
              .setId(id(named.name()))
              .setKnownPosition(knownPosition(named.known(), state)));
    } else if (plan.id() instanceof Again again) {
      if (sentWithId.isEmpty()) {
        // Nothing to repeat yet: an id of its own, to be repeated later.
        append.setAppendId(
            AppendId.newBuilder().setId(id(nextFreshId++)).setKnownPosition(state.head()));
      } else {
        int index = sentWithId.size() - 1 - again.back() % sentWithId.size();
        Append earlier = sentWithId.get(index);
        append.setAppendId(earlier.getAppendId());
        if (!again.otherEvents()) {
          append.clearEvents().addAllEvents(earlier.getEventsList());
        }
        if (!again.otherConditions()) {
          append.clearConditions().addAllConditions(earlier.getConditionsList());
        }
      }
    }
    if (plan.id() instanceof RunPlan run) {
      fill(append.clearEvents().clearConditions(), run, plan.events(), state);
    }
    spoil(append, plan.defect());
    return append.build();
  }

  private void fill(Append.Builder append, RunPlan plan, List<NewEvent> fresh, LogModel state) {
    String name = "b" + plan.buffer();
    List<Optional<NewEvent>> buffer = buffers.get(plan.buffer());
    long last = state.lastSequence(CLIENT, name);
    long first = Math.max(1, last + 1 - plan.back());
    for (int i = 0; buffer.size() < first - 1 + plan.length(); i++) {
      boolean empty = fresh.isEmpty() || (plan.voids() >> i & 1) != 0;
      buffer.add(empty ? Optional.empty() : Optional.of(fresh.get(i % fresh.size())));
    }
    Origin.Builder origin =
        append.getOriginBuilder().setClientId(CLIENT).setBufferId(name).setFirstSequence(first);
    for (int i = 0; i < plan.length(); i++) {
      long number = first + i;
      Optional<NewEvent> held = buffer.get((int) number - 1);
      if (i == plan.altered() && number <= last) {
        held = altered(held);
      }
      held.ifPresentOrElse(append::addEvents, () -> origin.addVoids(number));
    }
  }

  /** Something else under the same number. */
  private static Optional<NewEvent> altered(Optional<NewEvent> held) {
    if (held.isEmpty()) {
      return Optional.of(NewEvent.newBuilder().setSource("a").setType("a").build());
    }
    NewEvent event = held.get();
    return event.getTagsCount() == 1
        ? Optional.empty()
        : Optional.of(event.toBuilder().setData(event.getData().concat(id(0))).build());
  }

  private static long knownPosition(Known known, LogModel state) {
    return switch (known.base()) {
      case HEAD -> Math.max(0, state.head() + known.offset());
      case EDGE -> Math.max(0, state.head() - state.dedupWindow() + known.offset());
      case HUGE -> -1;
    };
  }

  private static Condition condition(ConditionPlan plan, LogModel state) {
    if (plan instanceof VersionPlan version) {
      ExpectedVersion.Builder expected = ExpectedVersion.newBuilder().setSource(version.source());
      switch (version.expected()) {
        case EXACTLY ->
            expected.setExactly(Math.max(0, state.version(version.source()) + version.offset()));
        case MUST_EXIST -> expected.setExistence(Existence.EXISTENCE_MUST_EXIST);
        case MUST_NOT_EXIST -> expected.setExistence(Existence.EXISTENCE_MUST_NOT_EXIST);
      }
      return Condition.newBuilder().setExpectedVersion(expected).build();
    }
    ScopePlan scope = (ScopePlan) plan;
    long after =
        switch (scope.base()) {
          case ZERO -> 0;
          case HEAD -> Math.max(0, state.head() + scope.offset());
          case NEWEST_MATCH -> Math.max(0, state.newestMatch(scope.filter()) + scope.offset());
          case MIDDLE -> Math.max(0, state.head() / 2 + scope.offset());
          case HUGE -> -1;
        };
    return Condition.newBuilder()
        .setConcurrencyScope(
            ConcurrencyScope.newBuilder().setFilter(scope.filter()).setAfter(after))
        .build();
  }

  private static void spoil(Append.Builder append, Defect defect) {
    ExpectedVersion.Builder version = ExpectedVersion.newBuilder();
    ConcurrencyScope.Builder scope = ConcurrencyScope.newBuilder();
    switch (defect) {
      case NONE -> {}
      case EVENT_WITHOUT_SOURCE -> append.addEvents(NewEvent.newBuilder().setType("a"));
      case EVENT_WITHOUT_TYPE -> append.addEvents(NewEvent.newBuilder().setSource("a"));
      case TOMBSTONE_WITHOUT_KEY ->
          append.addEvents(NewEvent.newBuilder().setSource("a").setType("a").setTombstone(true));
      case EMPTY_TAG ->
          append.addEvents(NewEvent.newBuilder().setSource("a").setType("a").addTags(""));
      case CONDITION_UNSET -> append.addConditions(Condition.getDefaultInstance());
      case VERSION_WITHOUT_SOURCE ->
          append.addConditions(Condition.newBuilder().setExpectedVersion(version.setExactly(0)));
      case VERSION_WITHOUT_EXPECTED ->
          append.addConditions(Condition.newBuilder().setExpectedVersion(version.setSource("a")));
      case VERSION_WITH_UNSPECIFIED_EXISTENCE ->
          append.addConditions(
              Condition.newBuilder()
                  .setExpectedVersion(
                      version.setSource("a").setExistence(Existence.EXISTENCE_UNSPECIFIED)));
      case VERSION_ABOVE_ALL ->
          append.addConditions(
              Condition.newBuilder().setExpectedVersion(version.setSource("a").setExactly(-1)));
      case SCOPE_WITHOUT_FILTER ->
          append.addConditions(Condition.newBuilder().setConcurrencyScope(scope));
      case FILTER_WITHOUT_ITEMS ->
          append.addConditions(
              Condition.newBuilder()
                  .setConcurrencyScope(scope.setFilter(Filter.getDefaultInstance())));
      case ITEM_WITHOUT_LABELS -> append.addConditions(scopeOf(FilterItem.newBuilder()));
      case ITEM_WITH_EMPTY_TYPE ->
          append.addConditions(scopeOf(FilterItem.newBuilder().addTypes("a").addTypes("")));
      case ITEM_WITH_EMPTY_TAG ->
          append.addConditions(scopeOf(FilterItem.newBuilder().addTags("")));
      case ID_OF_15_BYTES ->
          append.setAppendId(AppendId.newBuilder().setId(id(0).substring(1)).setKnownPosition(0));
      case ID_WITHOUT_KNOWN_POSITION -> append.setAppendId(AppendId.newBuilder().setId(id(0)));
      case NEITHER_EVENTS_NOR_CONDITIONS -> append.clearEvents().clearConditions();
      case ORIGIN_WITHOUT_CLIENT -> run(append, 1).clearClientId();
      case ORIGIN_WITHOUT_BUFFER -> run(append, 1).clearBufferId();
      case ORIGIN_WITH_CONDITION -> {
        run(append, 1);
        append.addConditions(Condition.newBuilder().setExpectedVersion(version.setSource("a")));
      }
      case ORIGIN_OF_NOTHING -> {
        run(append, 1);
        append.clearEvents();
      }
      case ORIGIN_FROM_ZERO -> run(append, 0);
      case ORIGIN_BEYOND_ALL -> run(append, Long.MAX_VALUE).addVoids(1);
      case VOID_BEFORE_THE_RUN -> run(append, 3).addVoids(2);
      case VOID_BEHIND_THE_RUN -> run(append, 3).addVoids(3).addVoids(100);
      case VOIDS_NOT_RISING -> run(append, 3).addVoids(3).addVoids(3);
    }
  }

  /** An origin in place of conditions, and at least one event. */
  private static Origin.Builder run(Append.Builder append, long first) {
    if (append.getEventsCount() == 0) {
      append.addEvents(NewEvent.newBuilder().setSource("a").setType("a"));
    }
    return append
        .clearConditions()
        .clearOrigin()
        .getOriginBuilder()
        .setClientId(CLIENT)
        .setBufferId("b0")
        .setFirstSequence(first);
  }

  /** A scope with a sound item and another one behind it. */
  private static Condition scopeOf(FilterItem.Builder item) {
    return Condition.newBuilder()
        .setConcurrencyScope(
            ConcurrencyScope.newBuilder()
                .setFilter(
                    Filter.newBuilder()
                        .addAnyOf(FilterItem.newBuilder().setSource("a"))
                        .addAnyOf(item)))
        .build();
  }

  /** The append id of a name. */
  static ByteString id(long name) {
    return bytes(0x1dea, name);
  }

  private static ByteString bytes(long high, long low) {
    ByteBuffer bytes = ByteBuffer.allocate(16);
    bytes.putLong(high).putLong(low).flip();
    return ByteString.copyFrom(bytes);
  }
}
