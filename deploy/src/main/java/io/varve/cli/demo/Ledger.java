package io.varve.cli.demo;

import static io.varve.cli.demo.StepFailedException.check;

import io.varve.client.AppendResult.Appended;
import io.varve.client.Event;
import io.varve.client.NewEvent;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What the play wrote: the digest of every event, by the position its acknowledgement named. At the
 * end a node's log must hold exactly that. Thread-safe.
 */
final class Ledger {
  private final long before;
  private final Map<Long, byte[]> digests = new ConcurrentHashMap<>();

  /** A ledger of what comes behind a position. */
  Ledger(long before) {
    this.before = before;
  }

  /** What a log held. */
  record Content(long count, String digest) {}

  /** The digests of events that are about to be appended. */
  static List<byte[]> digests(List<NewEvent> events) {
    EventDigest digest = new EventDigest();
    return events.stream().map(digest::of).toList();
  }

  /** Notes an acknowledged append of the events with these digests. */
  void landed(Appended appended, List<byte[]> events) {
    check(
        appended.lastPosition() - appended.firstPosition() + 1 == events.size(),
        "an append of " + events.size() + " events was answered with " + appended);
    for (int i = 0; i < events.size(); i++) {
      long position = appended.firstPosition() + i;
      check(
          digests.put(position, events.get(i)) == null,
          "position " + position + " was acknowledged for two appends");
    }
  }

  /** How many events were acknowledged. */
  long size() {
    return digests.size();
  }

  /** What was written, in order; every position must have been acknowledged. */
  Content written() {
    MessageDigest all = EventDigest.sha256();
    long last = before + digests.size();
    for (long position = before + 1; position <= last; position++) {
      byte[] digest = digests.get(position);
      check(digest != null, "nobody was told of the event at position " + position);
      all.update(digest);
    }
    return new Content(digests.size(), HexFormat.of().formatHex(all.digest()));
  }

  /** What was read, which must be what was written, event by event. */
  Content read(Iterable<Event> events) {
    MessageDigest all = EventDigest.sha256();
    EventDigest one = new EventDigest();
    Map<String, Long> versions = new HashMap<>();
    long position = before;
    for (Event event : events) {
      position++;
      check(
          event.position() == position,
          "position " + position + " was expected and " + event.position() + " was read");
      Long version = versions.put(event.source(), event.version());
      check(
          version == null ? before > 0 || event.version() == 1 : event.version() == version + 1,
          "source " + event.source() + " went from version " + version + " to " + event.version());
      byte[] digest = one.of(event);
      check(
          Arrays.equals(digest, digests.get(position)),
          "the event at position " + position + " is not the one that was written");
      all.update(digest);
    }
    return new Content(position - before, HexFormat.of().formatHex(all.digest()));
  }
}
