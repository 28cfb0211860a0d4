package io.varve.client.localfirst;

import io.varve.client.Event;
import io.varve.client.NewEvent;
import io.varve.client.OverloadedException;
import io.varve.client.json.EventJson;
import io.varve.client.localfirst.BufferStore.Kept;
import io.varve.client.localfirst.BufferStore.Landed;
import io.varve.client.localfirst.StoreThread.RefusedException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.h2.mvstore.Cursor;

/**
 * What the buffer knows: the queue of its own events, what the log is known to have of them, and
 * the sources that are open. Every change goes to the file and to memory alike. Used by the store
 * thread only, but for what is said otherwise; it does no input or output besides the file, and
 * waits for nothing.
 */
final class Ledger {

  private final BufferStore store;
  private final String clientId;
  private final long maxPending;
  private final Map<String, SourceState<?>> open = new TreeMap<>();
  private final TreeMap<Long, LocalProblem> rejected;
  private String bufferId;
  private long last;

  Ledger(BufferStore store, String clientId, long maxPending) {
    this.store = store;
    this.clientId = clientId;
    this.maxPending = maxPending;
    this.rejected = new TreeMap<>(store.problems());
    this.bufferId = store.bufferId();
    this.last = store.lastNumber();
  }

  String bufferId() {
    return bufferId;
  }

  Optional<UUID> logIdentity() {
    return store.logIdentity();
  }

  long lastNumber() {
    return last;
  }

  long pending() {
    return store.queueSize();
  }

  int rejectedCount() {
    return rejected.size();
  }

  Collection<SourceState<?>> openSources() {
    return open.values();
  }

  // --- appending ---

  /** Gives an event its number and queues it. */
  long append(NewEvent event, String json) {
    if (store.queueSize() >= maxPending) {
      throw new RefusedException(
          new OverloadedException(
              "maxPending: "
                  + maxPending
                  + " events of this buffer have not landed yet, and that is its limit",
              Duration.ZERO));
    }
    last++;
    store.enqueue(last, json);
    store.lastNumber(last);
    SourceState<?> source = open.get(event.source());
    if (source != null) {
      source.queued(last, own(event, bufferId, last));
    }
    return last;
  }

  List<RejectedEvent> rejected() {
    List<RejectedEvent> all = new ArrayList<>();
    rejected.forEach(
        (number, problem) ->
            store
                .queued(number)
                .ifPresent(
                    json -> all.add(new RejectedEvent(number, EventJson.read(json), problem))));
    return all;
  }

  /** Makes a rejected event a void, which takes its number without an event. */
  void discard(long number) {
    if (!rejected.containsKey(number)) {
      throw new RefusedException(
          new IllegalArgumentException(
              "clientSequence: " + number + " is not the number of a rejected event"));
    }
    String json = store.queued(number).orElse("");
    rejected.remove(number);
    store.clearProblem(number);
    store.enqueue(number, "");
    dequeueFromView(json, number);
  }

  void retryRejected() {
    rejected.clear();
    store.clearProblems();
  }

  // --- pushing ---

  /** The next run: at most so many events and bytes, but one in any case; none if none may go. */
  PushRun nextRun(int maxEvents, int maxBytes) {
    List<String> events = new ArrayList<>();
    long first = 0;
    long bytes = 0;
    Cursor<Long, String> queue = store.queuedFrom(1);
    while (queue.hasNext() && events.size() < maxEvents) {
      long number = queue.next();
      String json = queue.getValue();
      bytes += json.getBytes(StandardCharsets.UTF_8).length;
      if (rejected.containsKey(number) || (bytes > maxBytes && !events.isEmpty())) {
        break;
      }
      if (events.isEmpty()) {
        first = number;
      }
      events.add(json);
    }
    return new PushRun(bufferId, logIdentity(), first, events);
  }

  /**
   * Everything up to a number is in the log.
   *
   * @param positions where each of the run's events is; 0 for a void
   * @return whether there are numbers in the log that this buffer has not given: another copy of
   *     the buffer has used them
   */
  boolean landed(PushRun run, long through, Map<Long, Long> positions) {
    if (!run.bufferId().equals(bufferId)) {
      return false;
    }
    together(
        () -> {
          for (long number = run.first(); number <= Math.min(through, run.last()); number++) {
            landed(number, positions.getOrDefault(number, 0L));
          }
        });
    return through > last;
  }

  private void landed(long number, long position) {
    String json = store.queued(number).orElse("");
    boolean seen = store.seen(number);
    store.dequeue(number);
    rejected.remove(number);
    if (json.isEmpty()) {
      return;
    }
    NewEvent event = EventJson.read(json);
    SourceState<?> source = open.get(event.source());
    if (source != null) {
      source.dequeued(number);
    }
    // Of a source that was never opened here nothing is shown, so nothing must be kept on top.
    long pulled = store.source(event.source()).map(Kept::position).orElse(Long.MAX_VALUE);
    if (!seen && position > pulled) {
      store.landed(position, new Landed(bufferId, number, json));
      if (source != null) {
        source.landed(position, own(event, bufferId, number));
      }
    }
  }

  /** The log refuses the first event of a run for good. */
  void reject(PushRun run, LocalProblem problem) {
    long number = run.first();
    if (run.bufferId().equals(bufferId) && store.queued(number).isPresent()) {
      rejected.put(number, problem);
      store.problem(number, problem);
    }
  }

  // --- pulling ---

  /** Opens a source and shows what is kept of it. */
  void open(SourceState<?> source) {
    open.put(source.name(), source);
    store.states(source.number(), (key, json) -> source.restore(EventJson.readRecorded(json)));
    source.position(store.source(source.name()).orElseThrow().position());
    overlay(source);
  }

  /** The number a source has here; one that was never opened, or folded otherwise, starts anew. */
  int number(String name, String kind) {
    Optional<Kept> known = store.source(name);
    if (known.isPresent() && known.get().kind().equals(kind)) {
      return known.get().number();
    }
    int number =
        known
            .map(Kept::number)
            .orElseGet(
                () -> store.sources().values().stream().mapToInt(Kept::number).max().orElse(0) + 1);
    store.clearStates(number);
    store.source(name, new Kept(number, kind, 0));
    return number;
  }

  boolean isOpen(String name) {
    return open.containsKey(name);
  }

  void close(SourceState<?> source) {
    open.remove(source.name(), source);
  }

  private void overlay(SourceState<?> source) {
    source.clearOverlay();
    store
        .landed()
        .forEach(
            (position, landed) -> {
              NewEvent event = EventJson.read(landed.json());
              if (event.source().equals(source.name()) && position > source.position()) {
                source.landed(position, own(event, landed.bufferId(), landed.number()));
              }
            });
    Cursor<Long, String> queue = store.queuedFrom(1);
    while (queue.hasNext()) {
      long number = queue.next();
      if (!queue.getValue().isEmpty() && !store.seen(number)) {
        NewEvent event = EventJson.read(queue.getValue());
        if (event.source().equals(source.name())) {
          source.queued(number, own(event, bufferId, number));
        }
      }
    }
  }

  /**
   * Takes over what came from the log, unless it is from another log than the one known by now.
   *
   * @param names the sources that it is complete for
   */
  void pulled(UUID identity, Set<String> names, List<Pulled> items) {
    if (learn(identity)) {
      together(() -> pulled(names, items));
    }
  }

  private void pulled(Set<String> names, List<Pulled> items) {
    List<SourceState<?>> sources = new ArrayList<>();
    for (String name : names) {
      SourceState<?> source = open.get(name);
      if (source != null) {
        sources.add(source);
      }
    }
    long upTo = 0;
    for (Pulled item : items) {
      if (item instanceof Pulled.Recorded recorded) {
        recorded(recorded);
        upTo = recorded.event().position();
      } else if (item instanceof Pulled.Latest latest) {
        sources.forEach(source -> latest(source, latest));
        upTo = latest.asOf();
      } else if (item instanceof Pulled.UpTo mark) {
        upTo = mark.position();
        if (mark.caughtUp()) {
          sources.forEach(source -> source.caughtUp(true));
        }
      }
    }
    for (SourceState<?> source : sources) {
      position(source, Math.max(upTo, source.position()));
    }
  }

  private void recorded(Pulled.Recorded recorded) {
    Event event = recorded.event();
    SourceState<?> source = open.get(event.source());
    if (source == null || event.position() <= source.position()) {
      return;
    }
    keep(source, recorded);
    source.apply(event);
    cameBack(source, event);
    position(source, event.position());
  }

  private void latest(SourceState<?> source, Pulled.Latest latest) {
    if (latest.asOf() < source.position()) {
      return;
    }
    store.clearStates(source.number());
    source.resetMerged();
    for (Pulled.Recorded recorded : latest.events()) {
      keep(source, recorded);
      source.apply(recorded.event());
      cameBack(source, recorded.event());
    }
  }

  private void keep(SourceState<?> source, Pulled.Recorded recorded) {
    String key = source.fold().keptAs(recorded.event());
    if (key.isEmpty()) {
      return;
    }
    if (source.fold().latestOnly() && recorded.event().tombstone()) {
      store.clearState(source.number(), key);
    } else {
      store.state(source.number(), key, recorded.json());
    }
  }

  /**
   * An own event that comes back before its push was answered is in the merged state, and so are
   * those of the source before it: they lie before it in the log, and where only the newest per key
   * is read they never come back themselves.
   */
  private void cameBack(SourceState<?> source, Event event) {
    if (event.clientId().equals(clientId)
        && event.bufferId().equals(bufferId)
        && store
            .queued(event.clientSequence())
            .filter(json -> !json.isEmpty() && isSame(EventJson.read(json), event))
            .isPresent()) {
      source
          .dequeuedThrough(event.clientSequence())
          .forEach(number -> store.seen(number, event.position()));
    }
  }

  /**
   * Whether an event of the log is the one that is queued under its number. Its origin alone does
   * not say so: a copy of the file may have used the number for another, and then this one has not
   * landed. Where the comparison errs, the push's answer tells.
   */
  private static boolean isSame(NewEvent queued, Event event) {
    return queued.source().equals(event.source())
        && queued.type().equals(event.type())
        && queued.key().equals(event.key())
        && queued.tombstone() == event.tombstone()
        && queued.data().equals(event.data());
  }

  private void position(SourceState<?> source, long position) {
    if (position == source.position()) {
      return;
    }
    source.position(position).forEach(store::clearLanded);
    store.source(source.name(), new Kept(source.number(), source.fold().kind(), position));
  }

  void notCaughtUp() {
    open.values().forEach(source -> source.caughtUp(false));
  }

  /** Forgets what was pulled, because the log's head is below it. */
  void rereadFromStart() {
    store
        .sources()
        .forEach(
            (name, kept) -> {
              store.clearStates(kept.number());
              store.source(name, new Kept(kept.number(), kept.kind(), 0));
            });
    open.values().forEach(SourceState::reset);
  }

  /** What is changed of the open sources is seen all at once, or not yet. */
  private void together(Runnable changes) {
    List<SourceState<?>> sources = List.copyOf(open.values());
    sources.forEach(SourceState::hold);
    try {
      changes.run();
    } finally {
      sources.forEach(SourceState::release);
    }
  }

  // --- the log's identity ---

  /** Remembers the first identity that is heard of. False: it is another one. */
  boolean learn(UUID identity) {
    Optional<UUID> known = logIdentity();
    if (known.isEmpty()) {
      store.logIdentity(identity);
      return true;
    }
    return known.get().equals(identity);
  }

  /** The buffer ids of all own events that are held here. */
  Set<String> heldBuffers() {
    Set<String> ids = new LinkedHashSet<>();
    store.landed().values().forEach(landed -> ids.add(landed.bufferId()));
    ids.add(bufferId);
    return ids;
  }

  /**
   * The log has another identity: what was pulled means nothing there, and what is held and not in
   * it goes on under a new buffer id.
   *
   * @param through per buffer id, up to which number the new log has it (a restored one may)
   */
  BufferMove changeLog(UUID identity, Map<String, Long> through) {
    List<String> held = new ArrayList<>();
    long firstHeld = last + 1;
    for (Landed landed : store.landed().values()) {
      if (landed.number() > through.getOrDefault(landed.bufferId(), 0L)) {
        held.add(landed.json());
        firstHeld =
            landed.bufferId().equals(bufferId) ? Math.min(firstHeld, landed.number()) : firstHeld;
      }
    }
    long known = through.getOrDefault(bufferId, 0L);
    firstHeld = Math.min(firstHeld, collectQueued(known, true, held));
    store.landed().keySet().forEach(store::clearLanded);
    store.logIdentity(identity);
    rereadFromStart();
    return renumber("LOG_IDENTITY_MISMATCH", held, Math.max(0, firstHeld - 1 - known));
  }

  /**
   * The log has other events under this buffer's numbers, or misses some of them: what has not
   * landed goes on under a new buffer id.
   *
   * @param run the run that was refused; if another buffer id is in use by now, nothing is done
   * @param through up to which number the log has this buffer's events
   */
  Optional<BufferMove> changeBuffer(PushRun run, String reason, long through) {
    if (!run.bufferId().equals(bufferId)) {
      return Optional.empty();
    }
    List<String> held = new ArrayList<>();
    long firstHeld = last + 1;
    for (Map.Entry<Long, Landed> entry : store.landed().entrySet()) {
      Landed landed = entry.getValue();
      if (landed.bufferId().equals(bufferId) && landed.number() > through) {
        held.add(landed.json());
        firstHeld = Math.min(firstHeld, landed.number());
        store.clearLanded(entry.getKey());
      }
    }
    firstHeld = Math.min(firstHeld, collectQueued(through, false, held));
    return Optional.of(renumber(reason, held, Math.max(0, firstHeld - 1 - through)));
  }

  /** Adds what is queued above a number; returns the first number there is. */
  private long collectQueued(long above, boolean seenToo, List<String> held) {
    long firstHeld = last + 1;
    Cursor<Long, String> queue = store.queuedFrom(above + 1);
    while (queue.hasNext()) {
      long number = queue.next();
      firstHeld = Math.min(firstHeld, number);
      // A void only kept a number from being missed; new numbers have no gaps.
      if (!queue.getValue().isEmpty() && (seenToo || !store.seen(number))) {
        held.add(queue.getValue());
      }
    }
    return firstHeld;
  }

  private BufferMove renumber(String reason, List<String> held, long lost) {
    String before = bufferId;
    store.clearQueue();
    rejected.clear();
    bufferId = UUID.randomUUID().toString();
    store.bufferId(bufferId);
    last = 0;
    for (String json : held) {
      last++;
      store.enqueue(last, json);
    }
    store.lastNumber(last);
    together(() -> open.values().forEach(this::overlay));
    return new BufferMove(reason, before, bufferId, held.size(), lost);
  }

  private void dequeueFromView(String json, long number) {
    if (json.isEmpty()) {
      return;
    }
    SourceState<?> source = open.get(EventJson.read(json).source());
    if (source != null) {
      source.dequeued(number);
    }
  }

  private LocalEvent own(NewEvent event, String bufferId, long number) {
    return new LocalEvent(event, Optional.empty(), clientId, bufferId, number);
  }
}
