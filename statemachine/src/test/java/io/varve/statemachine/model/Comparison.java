package io.varve.statemachine.model;

import io.varve.proto.replicated.v1.AppendBatch;
import io.varve.proto.replicated.v1.Command;
import io.varve.proto.v1.Append;
import io.varve.proto.v1.ConcurrencyScope;
import io.varve.proto.v1.Condition;
import io.varve.proto.v1.FilterItem;
import io.varve.statemachine.Outcome;
import io.varve.statemachine.Outcome.Appended;
import io.varve.statemachine.Outcome.Refusal;
import io.varve.statemachine.Outcome.Refused;
import io.varve.statemachine.StoredEvent;
import io.varve.statemachine.model.Plan.Appends;
import io.varve.statemachine.model.Plan.Entry;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Runs generated histories and compares. Throws an {@link AssertionError} that gives the history as
 * a transcript at the first difference.
 */
final class Comparison {

  private Comparison() {}

  /** An entry of the Raft log; without a command it is Ratis's own. */
  record LogEntry(long term, long index, Optional<Command> command) {}

  // ---- The model and one replica

  /**
   * Applies a history to the model and to a replica: every outcome and, at the end and in the
   * middle, every read must be equal.
   *
   * <p>A replica that says SCOPE_TOO_WIDE is believed where it can be true: the log has a small
   * limit, the append is one that the model would have come to weigh the conditions of, the scope
   * named has events to walk over, and with the labels it names the stretch is longer than the
   * limit.
   */
  static void withModel(Plan plan, Replica replica, Tally tally) {
    tally.nextTry();
    Story story = new Story();
    LogModel model = new LogModel();
    List<LogEntry> log = new ArrayList<>();
    Planner planner = new Planner();
    int middle = (plan.beforeFounding().size() + plan.entries().size()) / 2;
    for (Supplier<Optional<Command>> next : commands(plan, planner, model)) {
      Optional<Command> command = next.get();
      LogEntry entry = new LogEntry(1, (long) log.size(), command);
      log.add(entry);
      story.tell(entry);
      if (command.isEmpty()) {
        replica.advance(entry.term(), entry.index());
      } else {
        long headBefore = model.head();
        List<Outcome> actual = deliver(replica, entry);
        List<Outcome> expected =
            model.apply(command.get(), believable(plan, command.get(), actual, headBefore));
        story.check("outcomes", normalized(expected), normalized(actual));
        tally.count(command.get().getAppendBatch(), expected, headBefore);
      }
      story.check("applied index", entry.index(), replica.appliedIndex());
      if (log.size() == middle) {
        story.checkReads(Reads.all(new ModelReader(model)), Reads.all(replica.reader()));
      }
    }
    story.checkReads(Reads.all(new ModelReader(model)), Reads.all(replica.reader()));
  }

  /** The history's commands, each made when it is asked for: from the state it will meet. */
  private static List<Supplier<Optional<Command>>> commands(
      Plan plan, Planner planner, LogModel model) {
    List<Supplier<Optional<Command>>> commands = new ArrayList<>();
    for (Entry early : plan.beforeFounding()) {
      if (early instanceof Appends) {
        commands.add(() -> planner.command(early, model));
      }
    }
    commands.add(() -> Optional.of(Planner.founding(plan)));
    for (Entry entry : plan.entries()) {
      commands.add(() -> planner.command(entry, model));
    }
    return commands;
  }

  private static LogModel.Budget believable(
      Plan plan, Command command, List<Outcome> claimed, long headBefore) {
    if (plan.scopeStepLimit() == Plans.NO_STEP_LIMIT) {
      return LogModel.Budget.UNLIMITED;
    }
    AppendBatch batch = command.getAppendBatch();
    long headAfter =
        headBefore + batch.getAppendsList().stream().mapToLong(Append::getEventsCount).sum();
    return (append, condition) ->
        append < claimed.size()
            && claimed.get(append) instanceof Refused refused
            && refused.refusal() == Refusal.SCOPE_TOO_WIDE
            && refused.field().equals(LogModel.scopeField(condition))
            && mostSteps(batch.getAppends(append).getConditionsList(), headAfter)
                > plan.scopeStepLimit();
  }

  /**
   * No leapfrog takes more steps. Each round of questions ends with a match or moves past at least
   * one position, and a question costs at most what the dearest label does: one step per event
   * type, or a bisection of a source's versions.
   */
  private static long mostSteps(List<Condition> conditions, long head) {
    long steps = 0;
    for (Condition condition : conditions) {
      ConcurrencyScope scope = condition.getConcurrencyScope();
      long rounds = Math.max(0, head - scope.getAfter()) + 3;
      for (FilterItem item : scope.getFilter().getAnyOfList()) {
        long labels = 5L + item.getTagsCount();
        long dearest = Math.max(item.getTypesCount(), Long.SIZE - Long.numberOfLeadingZeros(head));
        steps += rounds * labels * Math.max(1, dearest);
      }
    }
    return steps;
  }

  // ---- Three replicas

  /**
   * Applies a history to three replicas, of which two are restarted, killed, snapshotted and
   * reinstalled on the way. After each of these the entries since the replica's newest snapshot are
   * delivered again, as Ratis does. All give equal outcomes and end with equal state.
   */
  static void replicas(
      Plan plan,
      List<List<Disturbance>> disturbances,
      List<? extends Replica> replicas,
      Tally tally) {
    tally.nextTry();
    Story story = new Story();
    LogModel state = new LogModel();
    Planner planner = new Planner();
    Replica first = replicas.get(0);
    List<LogEntry> log = new ArrayList<>();
    List<List<Outcome>> outcomes = new ArrayList<>();
    long[] snapshots = new long[replicas.size()];
    Arrays.fill(snapshots, -1);
    long term = 1;

    List<Entry> entries = new ArrayList<>(plan.beforeFounding());
    entries.removeIf(entry -> !(entry instanceof Appends));
    int founding = entries.size();
    entries.addAll(plan.entries());
    for (int i = 0; i <= entries.size(); i++) {
      Optional<Command> command;
      if (i == founding) {
        command = Optional.of(Planner.founding(plan));
      } else {
        Entry entry = entries.get(i < founding ? i : i - 1);
        command = planner.command(entry, state);
        term += entry instanceof Appends appends && appends.newLeader() ? 1 : 0;
      }
      LogEntry entry = new LogEntry(term, (long) log.size(), command);
      log.add(entry);
      story.tell(entry);
      long head = state.head();
      outcomes.add(deliver(first, entry));
      if (command.isPresent()) {
        state.apply(command.get(), believable(plan, command.get(), outcomes.get(i), head));
        tally.count(command.get().getAppendBatch(), outcomes.get(i), head);
      }
      for (int r = 1; r < replicas.size(); r++) {
        Replica replica = replicas.get(r);
        List<Disturbance> script = disturbances.get(r - 1);
        Disturbance disturbance =
            script.isEmpty() ? Disturbance.NONE : script.get(i % script.size());
        story.tell(r, disturbance);
        tally.count(disturbance.counted());
        if (disturbance == Disturbance.INSTALLED_AHEAD) {
          first.takeSnapshot(); // It has this entry already; the replica has not.
          replica.install(first);
          snapshots[r] = entry.index();
        }
        deliverAndCheck(story, replica, entry, outcomes.get(i));
        switch (disturbance) {
          case NONE, INSTALLED_AHEAD -> {}
          case RESTARTED -> replica.restart();
          case KILLED -> replica.kill();
          case SNAPSHOT -> {
            replica.takeSnapshot();
            snapshots[r] = entry.index();
          }
          case SNAPSHOT_THEN_REINSTALLED -> {
            replica.takeSnapshot();
            snapshots[r] = entry.index();
            replica.install(replica);
          }
        }
        if (disturbance.startsAgain()) {
          story.checkAtLeast("applied index after " + disturbance, snapshots[r], replica);
          for (LogEntry again : log.subList((int) snapshots[r] + 1, log.size())) {
            if (again.index() <= replica.appliedIndex()) {
              tally.count("entries delivered again to a store that has them");
            } else {
              tally.count("entries replayed to a store that lost them");
            }
            deliverAndCheck(story, replica, again, outcomes.get((int) again.index()));
          }
        }
      }
    }

    Map<String, Object> reads = Reads.all(first.reader());
    story.checkReads(Reads.all(new ModelReader(state)), reads);
    Object held = first.state(true);
    for (Replica replica : replicas.subList(1, replicas.size())) {
      story.checkReads(reads, Reads.all(replica.reader()));
      story.check("state", held, replica.state(true));
    }
  }

  private static void deliverAndCheck(
      Story story, Replica replica, LogEntry entry, List<Outcome> outcomes) {
    long before = replica.appliedIndex();
    List<Outcome> answered = deliver(replica, entry);
    story.check(
        "outcomes of entry " + entry.index() + " at applied index " + before,
        entry.index() <= before ? List.of() : outcomes,
        answered);
    story.check("applied index", Math.max(before, entry.index()), replica.appliedIndex());
  }

  private static List<Outcome> deliver(Replica replica, LogEntry entry) {
    if (entry.command().isEmpty()) {
      replica.advance(entry.term(), entry.index());
      return List.of();
    }
    return replica.apply(entry.term(), entry.index(), entry.command().get().toByteString());
  }

  // ---- The same appends in other entries

  /**
   * Applies the same appends in the same order, grouped into entries in three ways.
   *
   * <ul>
   *   <li>As planned.
   *   <li>Each entry cut into several, all with its recorded time and salt seed: all is equal, to
   *       the byte, but the applied index and term.
   *   <li>Several entries joined into one, with the recorded time and salt seed of the first: all
   *       is equal but recorded times, what salts change (the chain hash), and the applied index.
   * </ul>
   *
   * @param sizes how large the pieces are, over and over: appends of a cut, entries of a join
   */
  static void regrouped(
      Plan plan, List<Integer> sizes, Supplier<? extends Replica> replicas, Tally tally) {
    tally.nextTry();
    Story story = new Story();
    LogModel state = new LogModel();
    Planner planner = new Planner();
    try (Replica whole = replicas.get();
        Replica cut = replicas.get();
        Replica joined = replicas.get()) {
      Regrouper cutter = new Regrouper(sizes);
      Regrouper joiner = new Regrouper(sizes);
      List<Outcome> outcomes = new ArrayList<>();
      List<Outcome> joinedOutcomes = new ArrayList<>();
      long index = 0;
      AppendBatch.Builder pending = AppendBatch.newBuilder();
      int wanted = 0;
      for (Supplier<Optional<Command>> next : commands(plan, planner, state)) {
        Optional<Command> command = next.get();
        if (command.isEmpty()) {
          continue;
        }
        LogEntry entry = new LogEntry(1, index++, command);
        story.tell(entry);
        List<Outcome> expected = deliver(whole, entry);
        outcomes.addAll(expected);
        long head = state.head();
        state.apply(command.get(), believable(plan, command.get(), expected, head));
        tally.count(command.get().getAppendBatch(), expected, head);
        if (command.get().hasFounding()) {
          joinedOutcomes.addAll(joiner.deliver(joined, pending));
          pending = AppendBatch.newBuilder();
          wanted = 0;
          cutter.deliver(cut, command.get());
          joiner.deliver(joined, command.get());
          continue;
        }
        AppendBatch batch = command.get().getAppendBatch();
        List<Outcome> pieces = new ArrayList<>();
        for (int from = 0; from < batch.getAppendsCount(); ) {
          int to = Math.min(batch.getAppendsCount(), from + cutter.nextSize());
          tally.count(to - from < batch.getAppendsCount() ? "entries cut" : "entries kept");
          pieces.addAll(
              cutter.deliver(
                  cut,
                  batch.toBuilder()
                      .clearAppends()
                      .addAllAppends(batch.getAppendsList().subList(from, to))));
          from = to;
        }
        story.check("outcomes of a cut entry", expected, pieces);

        if (wanted == 0) {
          wanted = joiner.nextSize();
          pending = batch.toBuilder();
        } else {
          tally.count("entries joined to the one before");
          pending.addAllAppends(batch.getAppendsList());
        }
        wanted--;
        if (wanted == 0) {
          joinedOutcomes.addAll(joiner.deliver(joined, pending));
          pending = AppendBatch.newBuilder();
        }
      }
      joinedOutcomes.addAll(joiner.deliver(joined, pending));
      story.check("outcomes of joined entries", timeless(outcomes), timeless(joinedOutcomes));
      Map<String, Object> reads = Reads.all(whole.reader());
      story.checkReads(reads, Reads.all(cut.reader()));
      story.checkReads(timeless(reads), timeless(Reads.all(joined.reader())));
      story.check("state", whole.state(false), cut.state(false));
    }
  }

  /** Numbers the entries of one way to group them. */
  private static final class Regrouper {
    private final List<Integer> sizes;
    private int size;
    private long index;

    Regrouper(List<Integer> sizes) {
      this.sizes = sizes;
    }

    int nextSize() {
      return sizes.get(size++ % sizes.size());
    }

    List<Outcome> deliver(Replica replica, AppendBatch.Builder batch) {
      return batch.getAppendsCount() == 0 ? List.of() : deliver(replica, Planner.command(batch));
    }

    List<Outcome> deliver(Replica replica, Command command) {
      return Comparison.deliver(replica, new LogEntry(1, index++, Optional.of(command)));
    }
  }

  // ---- What is compared

  /** Messages are for people. */
  private static List<Outcome> normalized(List<Outcome> outcomes) {
    return outcomes.stream()
        .map(
            outcome ->
                outcome instanceof Refused refused
                    ? new Refused(
                        refused.refusal(), refused.field(), "", refused.expectedSequence())
                    : outcome)
        .toList();
  }

  private static List<Outcome> timeless(List<Outcome> outcomes) {
    return outcomes.stream().map(outcome -> (Outcome) timeless((Object) outcome)).toList();
  }

  private static Map<String, Object> timeless(Map<String, Object> reads) {
    Map<String, Object> timeless = new LinkedHashMap<>();
    reads.forEach((question, answer) -> timeless.put(question, timeless(answer)));
    timeless.remove("recorded");
    timeless.keySet().removeIf(question -> question.startsWith(Reads.POSITION_AT));
    return timeless;
  }

  private static Object timeless(Object answer) {
    if (answer instanceof Optional<?> optional) {
      return optional.map(Comparison::timeless);
    } else if (answer instanceof Appended a) {
      return new Appended(
          a.firstPosition(), a.lastPosition(), a.versions(), 0, a.replayed(), a.originPositions());
    } else if (answer instanceof StoredEvent e) {
      return new StoredEvent(
          e.position(),
          e.source(),
          e.version(),
          e.type(),
          e.sourceType(),
          e.streamType(),
          e.streamId(),
          e.tags(),
          e.key(),
          e.tombstone(),
          e.data(),
          e.contentType(),
          e.metadata(),
          e.occurred(),
          0,
          e.id(),
          e.clientId(),
          e.bufferId(),
          e.clientSequence());
    }
    return answer;
  }

  /** Tells a failed comparison so that it can be understood and repeated as a transcript. */
  private static final class Story {
    private final List<String> lines = new ArrayList<>();

    void tell(LogEntry entry) {
      entry
          .command()
          .ifPresentOrElse(
              command -> lines.addAll(Notation.lines(command)),
              () -> lines.add("# entry " + entry.index() + " is Ratis's own"));
    }

    void tell(int replica, Disturbance disturbance) {
      if (disturbance != Disturbance.NONE) {
        lines.add("# replica " + replica + " " + disturbance);
      }
    }

    void check(String what, Object expected, Object actual) {
      if (!expected.equals(actual)) {
        fail(what, List.of("expected " + text(expected), "     got " + text(actual)));
      }
    }

    void checkAtLeast(String what, long least, Replica replica) {
      if (replica.appliedIndex() < least) {
        fail(what, List.of("expected at least " + least, "got " + replica.appliedIndex()));
      }
    }

    void checkReads(Map<String, Object> expected, Map<String, Object> actual) {
      List<String> differences = Reads.differences(expected, actual);
      if (!differences.isEmpty()) {
        fail("reads", differences);
      }
    }

    private static String text(Object value) {
      if (value instanceof List<?> list) {
        StringBuilder text = new StringBuilder();
        for (Object item : list) {
          text.append("\n    ");
          text.append(
              item instanceof Outcome outcome
                  ? String.join("\n      ", Notation.lines(outcome)) + messageOf(outcome)
                  : item);
        }
        return text.toString();
      }
      return value.toString();
    }

    private static String messageOf(Outcome outcome) {
      return outcome instanceof Refused refused ? " \"" + refused.message() + "\"" : "";
    }

    private void fail(String what, List<String> differences) {
      throw new AssertionError(
          what
              + " differ:\n  "
              + String.join("\n  ", differences)
              + "\nafter\n"
              + String.join("\n", lines));
    }
  }
}
