package io.varve.client.localfirst;

import io.varve.client.Event;
import io.varve.client.NewEvent;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Test code: one log in memory, with the rules for origins that the real one has (DESIGN 3.2).
 * Several {@link FakeGateway}s may serve it. Thread-safe.
 */
final class FakeLog {

  /** An element of a push; without an event it is a void. */
  record Element(long clientSeq, @Nullable NewEvent event) {}

  /** What became of a push. */
  record Landing(long landedThrough, Map<Long, Long> positions, String code, long expectedSeq) {}

  private record Taken(@Nullable NewEvent event, long position) {}

  private long changes;
  private UUID identity = UUID.randomUUID();
  private final List<Event> events = new ArrayList<>();
  private final Map<String, List<Taken>> origins = new HashMap<>();
  private final Map<String, Long> versions = new HashMap<>();

  synchronized UUID identity() {
    return identity;
  }

  synchronized long head() {
    return events.size();
  }

  synchronized List<Event> events() {
    return List.copyOf(events);
  }

  /** The log is restored from a backup of its first events, under a new identity. */
  synchronized void restore(long toPosition) {
    identity = UUID.randomUUID();
    List<Event> kept = List.copyOf(events.subList(0, (int) toPosition));
    events.clear();
    events.addAll(kept);
    origins.values().forEach(taken -> taken.removeIf(one -> one.position() > toPosition));
    versions.clear();
    kept.forEach(event -> versions.put(event.source(), event.version()));
    changes++;
    notifyAll();
  }

  /** The log forgets an origin's numbers from one on, as no log of ours ever would. */
  synchronized void forget(String clientId, String bufferId, long from) {
    List<Taken> taken = origins.get(clientId + "|" + bufferId);
    taken.subList((int) from - 1, taken.size()).clear();
  }

  /** Somebody else appends. */
  synchronized long append(NewEvent event) {
    return record(event, "", "", 0);
  }

  synchronized long landedThrough(String clientId, String bufferId) {
    return origins.getOrDefault(clientId + "|" + bufferId, List.of()).size();
  }

  synchronized Landing push(String clientId, String bufferId, List<Element> run) {
    List<Taken> taken = origins.getOrDefault(clientId + "|" + bufferId, new ArrayList<>());
    long known = taken.size();
    if (run.get(0).clientSeq() > known + 1) {
      return new Landing(known, Map.of(), "SEQUENCE_GAP", known + 1);
    }
    for (Element element : run) {
      if (element.clientSeq() <= known) {
        NewEvent before = taken.get((int) element.clientSeq() - 1).event();
        if (!Optional.ofNullable(before).equals(Optional.ofNullable(element.event()))) {
          return new Landing(known, Map.of(), "ORIGIN_DIVERGED", 0);
        }
      }
    }
    Map<Long, Long> positions = new HashMap<>();
    origins.put(clientId + "|" + bufferId, taken);
    for (Element element : run) {
      if (element.clientSeq() > known) {
        NewEvent event = element.event();
        long position = event == null ? 0 : record(event, clientId, bufferId, element.clientSeq());
        taken.add(new Taken(event, position));
      }
      positions.put(element.clientSeq(), taken.get((int) element.clientSeq() - 1).position());
    }
    return new Landing(taken.size(), positions, "", 0);
  }

  private long record(NewEvent said, String clientId, String bufferId, long clientSeq) {
    long version = versions.merge(said.source(), 1L, Long::sum);
    events.add(
        new Event(
            events.size() + 1,
            said.source(),
            version,
            said.type(),
            said.sourceType(),
            said.streamType(),
            said.streamId(),
            said.tags(),
            said.key(),
            said.tombstone(),
            said.data(),
            said.contentType(),
            said.metadata(),
            said.occurred(),
            Instant.ofEpochSecond(events.size()),
            said.id(),
            clientId,
            bufferId,
            clientSeq));
    changes++;
    notifyAll();
    return events.size();
  }

  /** Waits for a change since {@code seen}, or the time to be up. */
  synchronized void await(long seen, long millis) throws InterruptedException {
    long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    while (changes == seen) {
      long left = until - System.nanoTime();
      if (left <= 0) {
        return;
      }
      TimeUnit.NANOSECONDS.timedWait(this, left);
    }
  }

  synchronized long changes() {
    return changes;
  }

  synchronized void wake() {
    changes++;
    notifyAll();
  }
}
