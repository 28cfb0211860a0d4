package io.varve.faults;

import com.google.protobuf.Timestamp;
import io.varve.faults.NodeConnection.Sent;
import io.varve.proto.v1.Append;
import io.varve.proto.v1.Appended;
import io.varve.proto.v1.Error;
import io.varve.proto.v1.ErrorCode;
import io.varve.proto.v1.NewEvent;
import io.varve.proto.v1.Origin;
import io.varve.proto.v1.RecordedEvent;
import io.varve.proto.v1.SourceVersion;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A log in memory that lands the runs of origins, loses some of its answers, and has one bug seeded
 * on purpose: what the replaying origins and their checker are tried against. Thread-safe.
 */
final class BuggyOrigins implements AppendTarget {

  /** What is wrong with it. */
  enum Bug {
    /** Nothing. */
    NONE,
    /** Takes every 20th run for new from its first number on. */
    LANDS_REPEATS("twice"),
    /** Every 20th time, has forgotten the last number: what a leader would that had not applied. */
    FORGETS_LAST("twice"),
    /** Lands runs that leave a gap. */
    ACCEPTS_GAPS("gap"),
    /** Tells a number too high when it refuses a gap. */
    MISCOUNTS_GAPS("expected"),
    /** Skips what has landed without comparing it. */
    ACCEPTS_DIVERGENCE("diverged"),
    /** Refuses what is the same: every 20th repeat. */
    SEES_DIVERGENCE("denied"),
    /** Answers a skipped number with the position before it. */
    MISTAKES_POSITIONS("answer"),
    /** Answers as if what it skipped had landed just now. */
    ANSWERS_ANEW("new"),
    /** Does not remember voids at the end of a run. */
    FORGETS_VOIDS("denied"),
    /** Keeps only the first event of every 20th run, and answers for all of them. */
    TEARS_RUNS("missing"),
    /** Lands every 20th run backwards. */
    REORDERS("order"),
    /** Lands every 20th event with another payload. */
    ALTERS("altered"),
    /** Stores an event where a void is. */
    FILLS_VOIDS("invented");

    private final String kind;

    Bug() {
      this("");
    }

    Bug(String kind) {
      this.kind = kind;
    }

    /** How the findings begin that convict it. */
    String kind() {
      return kind;
    }
  }

  private static final int EVERY = 20;
  private static final int ANSWER_LOST_EVERY = 7;

  private final Bug bug;
  private final List<RecordedEvent> log = new ArrayList<>(); // all state is guarded by this
  private final Map<String, Long> versions = new HashMap<>();
  private final Map<String, List<Held>> origins = new HashMap<>();
  private long decided;

  /** What a number holds: an event at a position, or a void. */
  private record Held(long position, Optional<NewEvent> event) {}

  BuggyOrigins(Bug bug) {
    this.bug = bug;
  }

  synchronized List<RecordedEvent> log() {
    return List.copyOf(log);
  }

  @Override
  public Sent send(Append append, Duration limit) {
    Attempt attempt;
    synchronized (this) {
      decided++;
      attempt = decide(append, decided % EVERY == 0);
      if (decided % ANSWER_LOST_EVERY == 0) {
        attempt = new Attempt.Unknown("the answer was lost");
      }
    }
    Attempt outcome = attempt;
    return new Sent() {
      @Override
      public Attempt outcome() {
        return outcome;
      }

      @Override
      public boolean done() {
        return true;
      }
    };
  }

  private Attempt decide(Append append, boolean misbehave) {
    Origin origin = append.getOrigin();
    List<Held> held =
        origins.computeIfAbsent(
            origin.getClientId() + "/" + origin.getBufferId(), name -> new ArrayList<>());
    if (bug == Bug.FORGETS_LAST && misbehave && !held.isEmpty()) {
      held.remove(held.size() - 1);
    }
    int known = bug == Bug.LANDS_REPEATS && misbehave ? 0 : held.size();
    List<Optional<NewEvent>> run = run(append);
    int first = (int) origin.getFirstSequence() - 1;
    if (first > held.size()) {
      if (bug == Bug.ACCEPTS_GAPS) {
        held.addAll(Collections.nCopies(first - held.size(), new Held(0, Optional.empty())));
      } else {
        int more = bug == Bug.MISCOUNTS_GAPS ? 100 : 1;
        return refused(ErrorCode.ERROR_CODE_SEQUENCE_GAP, held.size() + more);
      }
    }
    List<Long> positions = new ArrayList<>();
    int skipped = 0;
    for (; skipped < run.size() && first + skipped < known; skipped++) {
      Held there = held.get(first + skipped);
      boolean same = there.event().equals(run.get(skipped));
      if ((!same && bug != Bug.ACCEPTS_DIVERGENCE)
          || (same && bug == Bug.SEES_DIVERGENCE && misbehave)) {
        return refused(ErrorCode.ERROR_CODE_ORIGIN_DIVERGED, 0);
      }
      positions.add(
          there.position() - (bug == Bug.MISTAKES_POSITIONS && !positions.isEmpty() ? 1 : 0));
    }
    return land(origin, held, run, first, skipped, positions, misbehave);
  }

  private Attempt land(
      Origin origin,
      List<Held> held,
      List<Optional<NewEvent>> run,
      int first,
      int skipped,
      List<Long> positions,
      boolean misbehave) {
    Appended.Builder answer = Appended.newBuilder();
    Map<String, Long> touched = new LinkedHashMap<>();
    Timestamp now = now();
    Set<Integer> kept = new HashSet<>();
    long next = log.size() + 1L;
    int voidsAtEnd = 0;
    for (int i = skipped; i < run.size(); i++) {
      int number = first + i + 1;
      Optional<NewEvent> event = run.get(i);
      voidsAtEnd = event.isEmpty() ? voidsAtEnd + 1 : 0;
      if (event.isEmpty() && bug == Bug.FILLS_VOIDS) {
        keep(origin, number, NewEvent.newBuilder().setSource("s").build(), now);
        next++;
      }
      long position = event.isEmpty() ? 0 : next++;
      positions.add(position);
      if (number <= held.size()) {
        held.set(number - 1, new Held(position, event));
      } else {
        held.add(new Held(position, event));
      }
      if (event.isPresent()) {
        if (bug != Bug.TEARS_RUNS || !misbehave || kept.isEmpty()) {
          touched.put(event.get().getSource(), keep(origin, number, event.get(), now));
          kept.add(number);
        }
        answer.setLastPosition(position);
        if (answer.getFirstPosition() == 0) {
          answer.setFirstPosition(position);
        }
      }
    }
    if (bug == Bug.FORGETS_VOIDS) {
      held.subList(held.size() - Math.min(voidsAtEnd, held.size()), held.size()).clear();
    }
    if (bug == Bug.REORDERS && misbehave) {
      reverse(answer);
    }
    touched.forEach(
        (source, version) ->
            answer.addVersions(SourceVersion.newBuilder().setSource(source).setVersion(version)));
    boolean replayed = skipped == run.size();
    if (replayed && bug == Bug.ANSWERS_ANEW) {
      positions.stream()
          .filter(position -> position != 0)
          .forEach(position -> answer.setFirstPosition(position).setLastPosition(position));
    }
    return new Attempt.Landed(
        answer
            .setRecorded(now)
            .setReplayed(replayed && bug != Bug.ANSWERS_ANEW)
            .addAllOriginPositions(positions)
            .build());
  }

  private static List<Optional<NewEvent>> run(Append append) {
    List<Optional<NewEvent>> run = new ArrayList<>();
    Origin origin = append.getOrigin();
    int events = 0;
    int length = append.getEventsCount() + origin.getVoidsCount();
    for (int i = 0; i < length; i++) {
      boolean empty = origin.getVoidsList().contains(origin.getFirstSequence() + i);
      run.add(empty ? Optional.empty() : Optional.of(append.getEvents(events++)));
    }
    return run;
  }

  private long keep(Origin origin, int number, NewEvent event, Timestamp now) {
    boolean alter = bug == Bug.ALTERS && log.size() % EVERY == 0;
    long version = versions.merge(event.getSource(), 1L, Long::sum);
    log.add(
        RecordedEvent.newBuilder()
            .setPosition(log.size() + 1L)
            .setVersion(version)
            .setSource(event.getSource())
            .setType(event.getType())
            .setSourceType(event.getSourceType())
            .setKey(event.getKey())
            .setData(alter ? event.getIdBytes() : event.getData())
            .setId(event.getId())
            .setRecorded(now)
            .setClientId(origin.getClientId())
            .setBufferId(origin.getBufferId())
            .setClientSequence(number)
            .build());
    return version;
  }

  /** Swaps what the events of an answer hold, as if they had landed in the other order. */
  private void reverse(Appended.Builder answer) {
    for (long low = answer.getFirstPosition(), high = answer.getLastPosition();
        low < high;
        low++, high--) {
      RecordedEvent one = log.get((int) low - 1);
      RecordedEvent other = log.get((int) high - 1);
      log.set((int) low - 1, other.toBuilder().setPosition(low).build());
      log.set((int) high - 1, one.toBuilder().setPosition(high).build());
    }
  }

  private static Attempt refused(ErrorCode code, long expected) {
    return new Attempt.NotAppended(
        Error.newBuilder().setCode(code).setExpectedSequence(expected).build());
  }

  private Timestamp now() {
    return Timestamp.newBuilder().setSeconds(log.size()).build();
  }
}
