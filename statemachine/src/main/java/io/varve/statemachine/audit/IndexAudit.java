package io.varve.statemachine.audit;

import io.varve.statemachine.StoredEvent;
import io.varve.statemachine.audit.Numbering.Origin;
import io.varve.statemachine.store.AppendRow;
import io.varve.statemachine.store.EncodedEvents;
import io.varve.statemachine.store.StoreContents;
import io.varve.statemachine.store.StoreContents.EventRow;
import io.varve.statemachine.store.StoreContents.LatestRow;
import io.varve.statemachine.store.StoreContents.PostingRow;
import io.varve.statemachine.store.StoreContents.SequenceRow;
import io.varve.statemachine.store.StoreContents.VersionRow;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;

/** Walks the indexes, one column family at a time, and checks each key against the records. */
final class IndexAudit {

  private final StoreContents contents;
  private final Numbering numbering;
  private final Problems problems;
  private final long head;

  IndexAudit(StoreContents contents, Numbering numbering, Problems problems, long head) {
    this.contents = contents;
    this.numbering = numbering;
    this.problems = problems;
    this.head = head;
  }

  /** Each key names an event that has its source and version; versions have no gaps. */
  Lists versions() {
    Lists lists = new Lists("by_source");
    contents.forEachVersion(row -> audit(row, lists));
    return lists;
  }

  private void audit(VersionRow row, Lists lists) {
    long expected = lists.next(row.source(), row.position());
    String at = "by_source " + row.source() + ", ";
    if (row.version() != expected) {
      problems.add(at + expected + ": missing, the next version is " + row.version());
      lists.skipTo(row.version());
    }
    if (!holds(
        row.position(),
        event ->
            event.version() == row.version() && numbering.of(event.source()) == row.source())) {
      problems.add(
          at + row.version() + ": no event at " + row.position() + " has this source and version");
    }
  }

  /** Each key names an event that has its label. */
  Lists postings() {
    Lists lists = new Lists("labels");
    contents.forEachPosting(row -> audit(row, lists));
    return lists;
  }

  private void audit(PostingRow row, Lists lists) {
    lists.next(row.label(), row.position());
    if (!holds(
        row.position(),
        event ->
            Numbering.labels(event).stream()
                .anyMatch(label -> numbering.of(label) == row.label()))) {
      problems.add("labels " + row.label() + ", " + row.position() + ": no event has this label");
    }
  }

  /** Every source that has events has a number of its own, and no other source has one. */
  void sources(Lists lists, long next) {
    Numbers numbers = new Numbers("sources");
    contents.forEachSource(row -> numbers.next("\"" + row.source() + "\"", row.number()));
    numbers.end(lists.count(), next);
  }

  /** Every label that has events has a number of its own, and no other label has one. */
  void labels(Lists lists, long next) {
    Numbers numbers = new Numbers("names");
    contents.forEachLabel(
        row -> numbers.next(row.kind() + " \"" + row.value() + "\"", row.number()));
    numbers.end(lists.count(), next);
  }

  /** Each key names an event that has it; that none newer has it was seen from the records. */
  void latest() {
    contents.forEachLatest(this::audit);
  }

  private void audit(LatestRow row) {
    if (!holds(
        row.position(),
        event -> event.key().equals(row.key()) && numbering.of(event.source()) == row.source())) {
      problems.add(
          String.format(
              Locale.ROOT,
              "latest %d, \"%s\": no event at %d has this source and key",
              row.source(),
              row.key(),
              row.position()));
    }
  }

  /** Each number that is no void names an event that has it; numbers have no gaps. */
  long sequences() {
    long[] origin = {0};
    long[] last = {0};
    contents.forEachSequence(
        row -> {
          if (row.origin() != origin[0]) {
            if (row.origin() != origin[0] + 1) {
              problems.add("by_origin " + (origin[0] + 1) + ": no key of this number");
            }
            origin[0] = row.origin();
            last[0] = 0;
          }
          audit(row, last[0] + 1);
          last[0] = row.sequence();
        });
    return origin[0];
  }

  private void audit(SequenceRow row, long expected) {
    String at = "by_origin " + row.origin() + ", ";
    if (row.sequence() != expected) {
      problems.add(at + expected + ": missing, the next number is " + row.sequence());
    }
    if (row.position() != 0
        && !holds(
            row.position(),
            event ->
                event.clientSequence() == row.sequence()
                    && numbering.of(Origin.of(event)) == row.origin())) {
      problems.add(
          at + row.sequence() + ": no event at " + row.position() + " has this origin and number");
    }
  }

  /**
   * Every origin has a number of its own and says which of its own numbers is the last.
   *
   * @param inUse how many origins have numbers that landed
   */
  void origins(long inUse) {
    Numbers numbers = new Numbers("origins");
    contents.forEachOrigin(
        row -> {
          String named = "\"" + row.client() + "\", \"" + row.buffer() + "\"";
          numbers.next(named, row.number());
          if (contents.sequence(row.number(), row.last()).isEmpty()
              || contents.sequence(row.number(), row.last() + 1).isPresent()) {
            problems.add(
                "origins " + named + ": " + row.last() + " is not the last number that landed");
          }
        });
    numbers.end(inUse, inUse + 1);
    if (contents.originCount() != inUse) {
      problems.add(
          "origins: " + contents.originCount() + " are counted, " + inUse + " have numbers");
    }
  }

  /** Each row stands for the events of one append that are there, and has their digest. */
  void appends() {
    EncodedEvents encoded = new EncodedEvents();
    long[] covered = {0};
    contents.forEachAppend(
        row -> {
          String at = "appends " + row.firstPosition() + ": ";
          if (row.firstPosition() <= covered[0]) {
            problems.add(at + "begins within the append that ends at " + covered[0]);
          }
          if (row.count() < 1 || row.lastPosition() > head) {
            problems.add(at + row.count() + " events, the head is " + head);
          } else {
            covered[0] = row.lastPosition();
            audit(row, at, encoded);
          }
        });
  }

  private void audit(AppendRow row, String at, EncodedEvents encoded) {
    List<StoredEvent> events = new ArrayList<>();
    for (long position = row.firstPosition(); position <= row.lastPosition(); position++) {
      contents.event(position).map(EventRow::event).ifPresent(events::add);
    }
    if (events.size() != row.count()) {
      problems.add(at + "of its " + row.count() + " events " + events.size() + " are there");
      return;
    }
    if (events.stream().mapToLong(StoredEvent::recordedMicros).distinct().count() != 1) {
      problems.add(at + "its events have several recorded times");
    }
    encoded.encode(events.stream().map(StoreContents::handedIn).toList());
    if (encoded.digestHigh() != row.digestHigh() || encoded.digestLow() != row.digestLow()) {
      problems.add(at + "the digest is not that of its events");
    }
  }

  private boolean holds(long position, Predicate<StoredEvent> wanted) {
    Optional<EventRow> row = contents.event(position);
    return row.map(EventRow::event).filter(wanted).isPresent();
  }

  /**
   * Lists of positions that stand one behind the other: numbered without gaps in the order in which
   * they begin in the log, and each rising.
   */
  final class Lists {
    private final String name;
    private long number;
    private long firstPosition;
    private long lastPosition;
    private long keys;

    private Lists(String name) {
      this.name = name;
    }

    /** How many there are. */
    long count() {
      return number;
    }

    /** Takes the next key; returns how many of its list there were up to it. */
    private long next(long listNumber, long position) {
      if (listNumber != number) {
        if (listNumber != number + 1) {
          problems.add(name + " " + (number + 1) + ": no key of this number");
        }
        if (position < firstPosition) {
          problems.add(name + " " + listNumber + ": begins before the number before");
        }
        number = listNumber;
        firstPosition = position;
        keys = 0;
      } else if (position <= lastPosition) {
        problems.add(name + " " + listNumber + ": position " + position + " does not rise");
      }
      lastPosition = position;
      return ++keys;
    }

    /** One gap is one problem. */
    private void skipTo(long version) {
      keys = version;
    }
  }

  /** Numbers that names were given. */
  private final class Numbers {
    private final String name;
    private final BitSet given = new BitSet();
    private long names;

    Numbers(String name) {
      this.name = name;
    }

    void next(String named, long number) {
      names++;
      if (number < 1 || number > Integer.MAX_VALUE) {
        problems.add(name + " " + named + ": number " + number);
      } else if (given.get((int) number)) {
        problems.add(name + " " + named + ": number " + number + " is another's too");
      } else {
        given.set((int) number);
      }
    }

    /**
     * @param inUse how many numbers have keys
     * @param next the number to be given next, as {@code meta} says
     */
    void end(long inUse, long next) {
      if (names != inUse || given.length() > inUse + 1) {
        problems.add(
            String.format(
                Locale.ROOT,
                "%s: %d names with numbers up to %d, but %d numbers have events",
                name,
                names,
                Math.max(0, given.length() - 1),
                inUse));
      }
      if (next != inUse + 1) {
        problems.add("meta: the next number of " + name + " is " + next + ", not " + (inUse + 1));
      }
    }
  }
}
