package io.varve.statemachine.model;

import com.google.protobuf.ByteString;
import io.varve.proto.replicated.v1.AppendBatch;
import io.varve.proto.replicated.v1.Command;
import io.varve.proto.replicated.v1.Founding;
import io.varve.proto.v1.Append;
import io.varve.proto.v1.ConcurrencyScope;
import io.varve.proto.v1.Condition;
import io.varve.proto.v1.Existence;
import io.varve.proto.v1.ExpectedVersion;
import io.varve.proto.v1.Filter;
import io.varve.proto.v1.FilterItem;
import io.varve.proto.v1.NewEvent;
import io.varve.proto.v1.Origin;
import io.varve.statemachine.Outcome;
import io.varve.statemachine.Outcome.Appended;
import io.varve.statemachine.Outcome.Conflict;
import io.varve.statemachine.Outcome.ConflictingEvent;
import io.varve.statemachine.Outcome.FailedCondition;
import io.varve.statemachine.Outcome.Refusal;
import io.varve.statemachine.Outcome.Refused;
import io.varve.statemachine.Outcome.SourceVersion;
import io.varve.statemachine.StoredEvent;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The semantics of the log: a list of events, a list of the appends that landed, and loops over
 * them. No index, no cache, no store. Where the core and this class differ, one of them is wrong.
 *
 * <p>Messages of refusals are empty here: they are for people and no part of the semantics. Bytes
 * that leave no trace in what the log answers (salts, hashes) are left out.
 *
 * <p>The rules that a mutant may break are protected methods; see {@link Mutant}.
 */
class LogModel {

  /**
   * Whether deciding a scope took more steps than the log allows. The model does not walk posting
   * lists, so it cannot count; a comparison asks the core, and checks what the core may say: see
   * {@link Comparison}.
   */
  interface Budget {
    /** No scope is too wide. */
    Budget UNLIMITED = (append, condition) -> false;

    /**
     * Whether the budget of an append ran out at one of its scopes.
     *
     * @param append the append's index in its entry
     * @param condition the scope's index in the append
     */
    boolean exceeded(int append, int condition);
  }

  /**
   * A number of an origin that landed.
   *
   * @param event what it stands for; empty = it is a void
   * @param position where that landed; 0 = it is a void
   */
  record Taken(Optional<NewEvent> event, long position) {}

  /** A client's buffer. */
  record Buffer(String clientId, String bufferId) {
    static Buffer of(Origin origin) {
      return new Buffer(origin.getClientId(), origin.getBufferId());
    }
  }

  /**
   * A number of a run.
   *
   * @param event what it stands for; empty = it is a void
   * @param field where it stands in the append
   */
  record Numbered(long number, Optional<NewEvent> event, String field) {}

  /** An append with an id that landed. */
  record Landed(ByteString id, List<NewEvent> events, Appended answer) {}

  private boolean founded;
  private ByteString logIdentity = ByteString.EMPTY;
  private long dedupWindow;
  private final List<StoredEvent> events = new ArrayList<>();
  private final List<Landed> landed = new ArrayList<>();

  /** The numbers of each buffer that landed, from 1. */
  private final Map<Buffer, List<Taken>> taken = new LinkedHashMap<>();

  LogModel() {}

  /** Takes over another model's state; the two are independent from then on. */
  LogModel(LogModel other) {
    founded = other.founded;
    logIdentity = other.logIdentity;
    dedupWindow = other.dedupWindow;
    events.addAll(other.events);
    landed.addAll(other.landed);
    other.taken.forEach((buffer, numbers) -> taken.put(buffer, new ArrayList<>(numbers)));
  }

  /** Applies a command whose scopes are never too wide. One outcome per append. */
  final List<Outcome> apply(Command command) {
    return apply(command, Budget.UNLIMITED);
  }

  /** Applies a command. One outcome per append. */
  List<Outcome> apply(Command command, Budget budget) {
    List<Outcome> outcomes = new ArrayList<>();
    if (command.hasFounding()) {
      found(command.getFounding());
    } else {
      AppendBatch batch = command.getAppendBatch();
      for (int i = 0; i < batch.getAppendsCount(); i++) {
        outcomes.add(append(batch.getAppends(i), i, batch.getRecordedMicros(), budget));
      }
    }
    return outcomes;
  }

  private void found(Founding founding) {
    if (!ignoresFounding()) {
      founded = true;
      logIdentity = founding.getLogIdentity();
      dedupWindow = founding.getDedupWindow();
    }
  }

  /** The log is founded once; whatever says so later is ignored. */
  protected boolean ignoresFounding() {
    return founded;
  }

  private Outcome append(Append append, int index, long stampedMicros, Budget budget) {
    if (!founded) {
      return refused(Refusal.NOT_FOUNDED, "");
    }
    Optional<String> malformed = malformedField(append);
    if (malformed.isPresent()) {
      return refused(Refusal.INVALID_ARGUMENT, malformed.get());
    }
    if (append.hasOrigin()) {
      return takeRun(append, recordedTime(stampedMicros));
    }
    Optional<Outcome> byId = append.hasAppendId() ? decideById(append) : Optional.empty();
    if (byId.isPresent()) {
      return byId.get();
    }
    Optional<Outcome> byConditions = decideByConditions(append, index, budget);
    if (byConditions.isPresent()) {
      return byConditions.get();
    }
    return land(append, recordedTime(stampedMicros));
  }

  // ---- What is malformed

  /** The field at fault, if the append is malformed. */
  private static Optional<String> malformedField(Append append) {
    if (append.hasOrigin()) {
      Optional<String> malformed = malformedRun(append);
      if (malformed.isPresent()) {
        return malformed;
      }
    } else if (append.getEventsCount() == 0 && append.getConditionsCount() == 0) {
      return Optional.of("append");
    }
    if (append.hasAppendId() && append.getAppendId().getId().size() != 16) {
      return Optional.of("append.append_id.id");
    }
    if (append.hasAppendId() && !append.getAppendId().hasKnownPosition()) {
      return Optional.of("append.append_id.known_position");
    }
    for (int i = 0; i < append.getEventsCount(); i++) {
      NewEvent event = append.getEvents(i);
      String field = "append.events[" + i + "]";
      if (event.getSource().isEmpty()) {
        return Optional.of(field + ".source");
      }
      if (event.getType().isEmpty()) {
        return Optional.of(field + ".type");
      }
      if (event.getTombstone() && event.getKey().isEmpty()) {
        return Optional.of(field + ".tombstone");
      }
      if (event.getTagsList().contains("")) {
        return Optional.of(field + ".tags[" + event.getTagsList().indexOf("") + "]");
      }
    }
    for (int i = 0; i < append.getConditionsCount(); i++) {
      Condition condition = append.getConditions(i);
      String field = "append.conditions[" + i + "]";
      switch (condition.getKindCase()) {
        case EXPECTED_VERSION -> {
          ExpectedVersion expected = condition.getExpectedVersion();
          if (expected.getSource().isEmpty()) {
            return Optional.of(field + ".expected_version.source");
          }
          if (expected.hasExactly() && expected.getExactly() < 0) {
            return Optional.of(field + ".expected_version.exactly"); // above 2^63 − 1
          }
          if (expected.hasExistence()
              && expected.getExistence() != Existence.EXISTENCE_MUST_EXIST
              && expected.getExistence() != Existence.EXISTENCE_MUST_NOT_EXIST) {
            return Optional.of(field + ".expected_version.existence");
          }
          if (!expected.hasExactly() && !expected.hasExistence()) {
            return Optional.of(field + ".expected_version");
          }
        }
        case CONCURRENCY_SCOPE -> {
          Filter filter = condition.getConcurrencyScope().getFilter();
          if (filter.getAnyOfCount() == 0) {
            return Optional.of(field + ".concurrency_scope.filter.any_of");
          }
          for (int j = 0; j < filter.getAnyOfCount(); j++) {
            FilterItem item = filter.getAnyOf(j);
            String itemField = field + ".concurrency_scope.filter.any_of[" + j + "]";
            if (item.equals(FilterItem.getDefaultInstance())) {
              return Optional.of(itemField);
            }
            if (item.getTypesList().contains("")) {
              return Optional.of(itemField + ".types[" + item.getTypesList().indexOf("") + "]");
            }
            if (item.getTagsList().contains("")) {
              return Optional.of(itemField + ".tags[" + item.getTagsList().indexOf("") + "]");
            }
          }
        }
        case KIND_NOT_SET -> {
          return Optional.of(field);
        }
      }
    }
    return Optional.empty();
  }

  private static Optional<String> malformedRun(Append append) {
    Origin origin = append.getOrigin();
    if (origin.getClientId().isEmpty() || origin.getClientIdBytes().size() > 512) {
      return Optional.of("append.origin.client_id");
    }
    if (origin.getBufferId().isEmpty() || origin.getBufferIdBytes().size() > 512) {
      return Optional.of("append.origin.buffer_id");
    }
    if (append.getConditionsCount() > 0) {
      return Optional.of("append.conditions");
    }
    int length = append.getEventsCount() + origin.getVoidsCount();
    if (length == 0) {
      return Optional.of("append");
    }
    BigInteger first = new BigInteger(Long.toUnsignedString(origin.getFirstSequence()));
    BigInteger last = first.add(BigInteger.valueOf(length - 1));
    if (first.signum() == 0 || last.bitLength() > 63) {
      return Optional.of("append.origin.first_sequence");
    }
    for (int i = 0; i < origin.getVoidsCount(); i++) {
      BigInteger number = new BigInteger(Long.toUnsignedString(origin.getVoids(i)));
      boolean rises =
          i == 0 || Long.compareUnsigned(origin.getVoids(i), origin.getVoids(i - 1)) > 0;
      if (!rises || number.compareTo(first) < 0 || number.compareTo(last) > 0) {
        return Optional.of("append.origin.voids[" + i + "]");
      }
    }
    return Optional.empty();
  }

  // ---- What its origin decides

  /** Skips what has landed of a run, lands the rest; or refuses it whole. */
  protected Outcome takeRun(Append append, long recordedMicros) {
    Origin origin = append.getOrigin();
    List<Taken> before = taken(origin);
    if (leavesGap(origin.getFirstSequence(), before.size())) {
      return new Refused(
          Refusal.SEQUENCE_GAP, "append.origin.first_sequence", "", before.size() + 1L);
    }
    Append.Builder rest = append.toBuilder().clearEvents();
    List<Numbered> landing = new ArrayList<>();
    List<Long> positions = new ArrayList<>();
    for (Numbered number : numbers(append)) {
      if (number.number() > before.size()) {
        landing.add(number);
        number.event().ifPresent(rest::addEvents);
      } else {
        Taken earlier = before.get((int) number.number() - 1);
        if (!isSame(number, earlier)) {
          return refused(Refusal.ORIGIN_DIVERGED, number.field());
        }
        positions.add(earlier.position());
      }
    }
    if (landing.isEmpty()) {
      return skipped(positions, recordedMicros);
    }
    Appended landed = land(rest.build(), recordedMicros);
    long position = landed.firstPosition();
    for (Numbered number : landing) {
      Taken now = new Taken(number.event(), number.event().isPresent() ? position++ : 0);
      taken(origin).add(now);
      positions.add(now.position());
    }
    return new Appended(
        landed.firstPosition(),
        landed.lastPosition(),
        landed.versions(),
        recordedMicros,
        false,
        positions);
  }

  /** Numbers have no gaps. */
  protected boolean leavesGap(long first, long last) {
    return first > last + 1;
  }

  /** What has landed under a number must come again as it was. */
  protected boolean isSame(Numbered again, Taken earlier) {
    return again.event().equals(earlier.event());
  }

  /** All of a run had landed: answered with the time of its newest event, if it has one. */
  protected Appended skipped(List<Long> positions, long now) {
    long recorded = now;
    for (long position : positions) {
      if (position > 0) {
        recorded = events.get((int) position - 1).recordedMicros();
      }
    }
    return new Appended(0, 0, List.of(), recorded, true, positions);
  }

  /** What landed under each number of a buffer, from 1; remembered for ever. */
  protected List<Taken> taken(Origin origin) {
    return taken.computeIfAbsent(Buffer.of(origin), buffer -> new ArrayList<>());
  }

  /** The numbers of a run: the voids' are named, the events take the others in order. */
  protected static List<Numbered> numbers(Append run) {
    List<Numbered> numbers = new ArrayList<>();
    List<Long> voids = run.getOrigin().getVoidsList();
    int event = 0;
    for (int i = 0; i < run.getEventsCount() + voids.size(); i++) {
      long number = run.getOrigin().getFirstSequence() + i;
      if (voids.contains(number)) {
        String field = "append.origin.voids[" + voids.indexOf(number) + "]";
        numbers.add(new Numbered(number, Optional.empty(), field));
      } else {
        String field = "append.events[" + event + "]";
        numbers.add(new Numbered(number, Optional.of(run.getEvents(event++)), field));
      }
    }
    return numbers;
  }

  // ---- What its id decides

  /** The answer, if the append id alone decides it. Asked before any condition. */
  protected Optional<Outcome> decideById(Append append) {
    for (Landed earlier : landed) {
      if (earlier.id().equals(append.getAppendId().getId()) && remembered(earlier)) {
        return Optional.of(
            sameEvents(earlier, append)
                ? replayed(earlier)
                : refused(Refusal.APPEND_ID_REUSED, "append.append_id.id"));
      }
    }
    long known = append.getAppendId().getKnownPosition();
    if (isAboveHead(known)) {
      return Optional.of(refused(Refusal.OUT_OF_RANGE, "append.append_id.known_position"));
    }
    if (mayBeForgotten(known)) {
      return Optional.of(refused(Refusal.FATE_UNKNOWN, "append.append_id.known_position"));
    }
    return Optional.empty();
  }

  /** An id is remembered while its first position is greater than head − N. */
  protected boolean remembered(Landed earlier) {
    return earlier.answer().firstPosition() > head() - dedupWindow;
  }

  /** An append that was first sent when the head was so old may have landed and been forgotten. */
  protected boolean mayBeForgotten(long knownPosition) {
    return knownPosition < head() - dedupWindow;
  }

  /** Other conditions with the same events are still the same append; other events are not. */
  protected boolean sameEvents(Landed earlier, Append append) {
    return earlier.events().equals(append.getEventsList());
  }

  /** The original answer, marked. */
  protected Appended replayed(Landed earlier) {
    Appended original = earlier.answer();
    return new Appended(
        original.firstPosition(),
        original.lastPosition(),
        original.versions(),
        original.recordedMicros(),
        true);
  }

  // ---- What its conditions decide

  /** The answer, if the conditions keep the append from landing. Refusals win over conflicts. */
  protected Optional<Outcome> decideByConditions(Append append, int index, Budget budget) {
    List<Condition> conditions = append.getConditionsList();
    for (int i = 0; i < conditions.size(); i++) {
      if (conditions.get(i).hasConcurrencyScope()
          && isAboveHead(conditions.get(i).getConcurrencyScope().getAfter())) {
        return Optional.of(
            refused(Refusal.OUT_OF_RANGE, "append.conditions[" + i + "].concurrency_scope.after"));
      }
    }
    for (int i = 0; i < conditions.size(); i++) {
      if (conditions.get(i).hasConcurrencyScope() && budget.exceeded(index, i)) {
        return Optional.of(refused(Refusal.SCOPE_TOO_WIDE, scopeField(i)));
      }
    }
    List<FailedCondition> failed = new ArrayList<>();
    for (int i = 0; i < conditions.size(); i++) {
      Optional<FailedCondition> failure =
          conditions.get(i).hasExpectedVersion()
              ? checkVersion(i, conditions.get(i))
              : checkScope(i, conditions.get(i));
      failure.ifPresent(failed::add);
    }
    return failed.isEmpty() ? Optional.empty() : Optional.of(new Conflict(failed));
  }

  /** The field that a scope is refused under when it is too wide. */
  static String scopeField(int condition) {
    return "append.conditions[" + condition + "].concurrency_scope";
  }

  /** Positions and versions are unsigned on the wire: what is negative here is huge there. */
  protected boolean isAboveHead(long position) {
    return position < 0 || position > head();
  }

  protected Optional<FailedCondition> checkVersion(int index, Condition condition) {
    ExpectedVersion expected = condition.getExpectedVersion();
    long found = version(expected.getSource());
    boolean holds =
        expected.hasExactly()
            ? found == expected.getExactly()
            : (found > 0) == (expected.getExistence() == Existence.EXISTENCE_MUST_EXIST);
    if (holds) {
      return Optional.empty();
    }
    Optional<ConflictingEvent> newest = Optional.empty();
    for (StoredEvent event : events) {
      if (event.source().equals(expected.getSource())) {
        newest = Optional.of(naming(event));
      }
    }
    return Optional.of(new FailedCondition(index, condition, found, newest));
  }

  protected Optional<FailedCondition> checkScope(int index, Condition condition) {
    ConcurrencyScope scope = condition.getConcurrencyScope();
    Optional<ConflictingEvent> newest = Optional.empty();
    for (StoredEvent event : events) {
      if (isAfter(event.position(), scope.getAfter()) && matches(scope.getFilter(), event)) {
        newest = Optional.of(naming(event));
      }
    }
    return newest.map(event -> new FailedCondition(index, condition, 0, Optional.of(event)));
  }

  protected boolean isAfter(long position, long after) {
    return position > after;
  }

  /** Any of a filter's items may match. */
  protected boolean matches(Filter filter, StoredEvent event) {
    for (FilterItem item : filter.getAnyOfList()) {
      if (matches(item, event)) {
        return true;
      }
    }
    return false;
  }

  /** Within an item every label it names must match: any of its types, all of its tags. */
  protected boolean matches(FilterItem item, StoredEvent event) {
    return (item.getSource().isEmpty() || item.getSource().equals(event.source()))
        && (item.getSourceType().isEmpty() || item.getSourceType().equals(event.sourceType()))
        && (item.getStreamType().isEmpty() || item.getStreamType().equals(event.streamType()))
        && (item.getStreamId().isEmpty() || item.getStreamId().equals(event.streamId()))
        && (item.getTypesCount() == 0 || item.getTypesList().contains(event.type()))
        && event.tags().containsAll(item.getTagsList());
  }

  // ---- Landing

  /** Recorded time never runs backwards along the log. */
  protected long recordedTime(long stampedMicros) {
    return Math.max(stampedMicros, recordedMicros());
  }

  /** All of the append's events land, adjacent and in order. */
  protected Appended land(Append append, long recordedMicros) {
    if (append.getEventsCount() == 0) {
      return new Appended(0, 0, List.of(), recordedMicros, false); // check-only
    }
    Iterator<Long> sequences = sequences(append).iterator();
    Map<String, Long> versions = new LinkedHashMap<>();
    for (NewEvent event : append.getEventsList()) {
      long version = version(event.getSource()) + 1;
      versions.put(event.getSource(), version);
      events.add(stored(event, head() + 1, version, recordedMicros, append.getOrigin(), sequences));
    }
    List<SourceVersion> touched = new ArrayList<>();
    versions.forEach((source, version) -> touched.add(new SourceVersion(source, version)));
    long last = head();
    long first = last - append.getEventsCount() + 1;
    Appended answer = new Appended(first, last, touched, recordedMicros, false);
    if (append.hasAppendId()) {
      landed.add(new Landed(append.getAppendId().getId(), append.getEventsList(), answer));
    }
    return answer;
  }

  /** The numbers that the events of an append take in its buffer; zeros without an origin. */
  private List<Long> sequences(Append append) {
    if (!append.hasOrigin()) {
      return Collections.nCopies(append.getEventsCount(), 0L);
    }
    List<Long> sequences = new ArrayList<>();
    long next = taken(append.getOrigin()).size() + 1L;
    while (sequences.size() < append.getEventsCount()) {
      if (!append.getOrigin().getVoidsList().contains(next)) {
        sequences.add(next);
      }
      next++;
    }
    return sequences;
  }

  private static StoredEvent stored(
      NewEvent event,
      long position,
      long version,
      long recordedMicros,
      Origin origin,
      Iterator<Long> sequences) {
    return new StoredEvent(
        position,
        event.getSource(),
        version,
        event.getType(),
        event.getSourceType(),
        event.getStreamType(),
        event.getStreamId(),
        event.getTagsList(),
        event.getKey(),
        event.getTombstone(),
        event.getData(),
        event.getContentType(),
        event.getMetadata(),
        event.hasOccurred() ? Optional.of(event.getOccurred()) : Optional.empty(),
        recordedMicros,
        event.getId(),
        origin.getClientId(),
        origin.getBufferId(),
        sequences.next());
  }

  // ---- What can be asked

  final boolean founded() {
    return founded;
  }

  final ByteString logIdentity() {
    return logIdentity;
  }

  final long dedupWindow() {
    return dedupWindow;
  }

  final long head() {
    return events.size();
  }

  final long recordedMicros() {
    return events.isEmpty() ? 0 : events.get(events.size() - 1).recordedMicros();
  }

  final long version(String source) {
    long version = 0;
    for (StoredEvent event : events) {
      if (event.source().equals(source)) {
        version++;
      }
    }
    return version;
  }

  /** The highest number of a buffer that landed. */
  final long lastSequence(String clientId, String bufferId) {
    return taken(Origin.newBuilder().setClientId(clientId).setBufferId(bufferId).build()).size();
  }

  /** All that landed of all buffers. */
  protected final Map<Buffer, List<Taken>> taken() {
    return taken;
  }

  /** The newest event of each of a source's keys, tombstones included, by key. */
  protected NavigableMap<String, StoredEvent> newestByKey(String source) {
    NavigableMap<String, StoredEvent> newest = new TreeMap<>();
    for (StoredEvent event : events) {
      if (event.source().equals(source) && !event.key().isEmpty()) {
        newest.put(event.key(), event);
      }
    }
    return newest;
  }

  /** A tombstone removes its key. */
  protected boolean showsLatest(StoredEvent newest) {
    return !newest.tombstone();
  }

  /** The sources whose names have a prefix, by name. */
  protected List<String> sources(String prefix) {
    return events.stream()
        .map(StoredEvent::source)
        .filter(name -> name.startsWith(prefix))
        .distinct()
        .sorted()
        .toList();
  }

  /** The newest position recorded at or before a time; 0 = there is none. */
  protected long positionAt(long recordedMicros) {
    long newest = 0;
    for (StoredEvent event : events) {
      if (event.recordedMicros() <= recordedMicros) {
        newest = event.position();
      }
    }
    return newest;
  }

  /** All events, oldest first. */
  final List<StoredEvent> events() {
    return events;
  }

  /** All appends with an id that landed, oldest first, forgotten ones included. */
  protected final List<Landed> landed() {
    return landed;
  }

  /** The newest event that a filter matches: its position, or 0. */
  final long newestMatch(Filter filter) {
    long newest = 0;
    for (StoredEvent event : events) {
      if (matches(filter, event)) {
        newest = event.position();
      }
    }
    return newest;
  }

  /** The original answer to an append, marked, while its id is remembered. */
  final Optional<Appended> landedAs(ByteString id) {
    for (Landed earlier : landed) {
      if (earlier.id().equals(id) && remembered(earlier)) {
        return Optional.of(replayed(earlier));
      }
    }
    return Optional.empty();
  }

  private static ConflictingEvent naming(StoredEvent event) {
    return new ConflictingEvent(event.position(), event.source(), event.type());
  }

  protected static Refused refused(Refusal refusal, String field) {
    return new Refused(refusal, field, "");
  }
}
