package io.varve.statemachine.model;

import io.varve.proto.v1.Filter;
import io.varve.proto.v1.NewEvent;
import java.util.List;

/**
 * A history as a property generates it: positions, versions and retries are said relative to the
 * state they will meet, so that the interesting edges are hit often and stay hit while jqwik
 * shrinks. {@link Planner} turns it into commands.
 *
 * @param dedupWindow what the log is founded with, 1 to 20
 * @param scopeStepLimit what the log is founded with
 * @param beforeFounding entries that come too early
 * @param entries what the log then sees
 */
record Plan(
    long dedupWindow, long scopeStepLimit, List<Entry> beforeFounding, List<Entry> entries) {

  Plan {
    beforeFounding = List.copyOf(beforeFounding);
    entries = List.copyOf(entries);
  }

  /** One Raft entry. */
  sealed interface Entry {}

  /**
   * Appends that travel together.
   *
   * @param clockStep how far the leader's clock moved since the last entry, in microseconds; may be
   *     negative
   * @param newLeader whether the Raft term changes here
   * @param appends at least one
   */
  record Appends(int clockStep, boolean newLeader, List<AppendPlan> appends) implements Entry {
    Appends {
      appends = List.copyOf(appends);
    }
  }

  /** Another founding, with other settings; must be ignored. */
  record LateFounding(int dedupWindow) implements Entry {}

  /** An entry that is Ratis's own: it moves the applied index and nothing else. */
  record RaftsOwn() implements Entry {}

  /**
   * One append.
   *
   * @param id its append id
   * @param events its events
   * @param conditions its conditions
   * @param defect what is malformed about it
   */
  record AppendPlan(
      IdPlan id, List<NewEvent> events, List<ConditionPlan> conditions, Defect defect) {
    AppendPlan {
      events = List.copyOf(events);
      conditions = List.copyOf(conditions);
    }
  }

  /** Which append id an append carries. */
  sealed interface IdPlan {}

  /** None. */
  record NoId() implements IdPlan {}

  /**
   * One of a few names, so that unrelated appends use the same one.
   *
   * @param name which
   * @param known the head that the caller says it knew
   */
  record Named(int name, Known known) implements IdPlan {}

  /**
   * A retry of an append that was sent before with an id.
   *
   * @param back which: 0 = the last one sent, 1 = the one before, and so on
   * @param otherEvents whether it comes with this plan's events instead of the ones sent before
   * @param otherConditions whether it comes with this plan's conditions instead
   */
  record Again(int back, boolean otherEvents, boolean otherConditions) implements IdPlan {}

  /**
   * A run of a client's buffer, in place of an append id; the append has no conditions then. What
   * the buffer holds is made of this plan's events when it is first needed, and stays.
   *
   * @param buffer which buffer of the client
   * @param back how far before the number expected next the run begins; negative = a gap
   * @param length how many numbers it has, at least 1
   * @param voids which of the numbers made now are voids, by bit
   * @param altered the index of a number that comes otherwise than it landed, if it landed; −1 =
   *     none does
   */
  record RunPlan(int buffer, int back, int length, int voids, int altered) implements IdPlan {}

  /**
   * A head that a caller says it knew.
   *
   * @param base what it is near
   * @param offset how far from it
   */
  record Known(KnownBase base, int offset) {}

  /** What a known position is near. */
  enum KnownBase {
    /** The head: small offsets are still in the window, positive ones from another history. */
    HEAD,
    /** The edge of the window: head − N. */
    EDGE,
    /** 2^64 − 1. */
    HUGE
  }

  /** A condition. */
  sealed interface ConditionPlan {}

  /**
   * An expected version.
   *
   * @param source the source
   * @param expected which kind
   * @param offset for an exact version: how far from the truth
   */
  record VersionPlan(String source, Expected expected, int offset) implements ConditionPlan {}

  /** Kinds of expected version. */
  enum Expected {
    /** A number. */
    EXACTLY,
    /** At least one event. */
    MUST_EXIST,
    /** No event. */
    MUST_NOT_EXIST
  }

  /**
   * A concurrency scope.
   *
   * @param filter what conflicts
   * @param base what `after` is near
   * @param offset how far from it
   */
  record ScopePlan(Filter filter, AfterBase base, int offset) implements ConditionPlan {}

  /** What a scope's `after` is near. */
  enum AfterBase {
    /** 0: nothing may exist yet. */
    ZERO,
    /** The head. */
    HEAD,
    /** The newest event the filter matches. */
    NEWEST_MATCH,
    /** The middle of the log. */
    MIDDLE,
    /** 2^64 − 1. */
    HUGE
  }

  /** What may be malformed about an append. */
  enum Defect {
    /** Nothing. */
    NONE,
    EVENT_WITHOUT_SOURCE,
    EVENT_WITHOUT_TYPE,
    TOMBSTONE_WITHOUT_KEY,
    EMPTY_TAG,
    CONDITION_UNSET,
    VERSION_WITHOUT_SOURCE,
    VERSION_WITHOUT_EXPECTED,
    VERSION_WITH_UNSPECIFIED_EXISTENCE,
    VERSION_ABOVE_ALL,
    SCOPE_WITHOUT_FILTER,
    FILTER_WITHOUT_ITEMS,
    ITEM_WITHOUT_LABELS,
    ITEM_WITH_EMPTY_TYPE,
    ITEM_WITH_EMPTY_TAG,
    ID_OF_15_BYTES,
    ID_WITHOUT_KNOWN_POSITION,
    NEITHER_EVENTS_NOR_CONDITIONS,
    ORIGIN_WITHOUT_CLIENT,
    ORIGIN_WITHOUT_BUFFER,
    ORIGIN_WITH_CONDITION,
    ORIGIN_OF_NOTHING,
    ORIGIN_FROM_ZERO,
    ORIGIN_BEYOND_ALL,
    VOID_BEFORE_THE_RUN,
    VOID_BEHIND_THE_RUN,
    VOIDS_NOT_RISING
  }
}
