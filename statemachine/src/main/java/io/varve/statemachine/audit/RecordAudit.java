package io.varve.statemachine.audit;

import com.google.protobuf.ByteString;
import io.varve.statemachine.StoredEvent;
import io.varve.statemachine.audit.Numbering.Label;
import io.varve.statemachine.audit.Numbering.Origin;
import io.varve.statemachine.store.StoreContents;
import io.varve.statemachine.store.StoreContents.EventRow;
import java.util.Locale;
import java.util.Optional;

/**
 * Walks the event records: recomputes the chain, and looks up what each record should have left in
 * the indexes.
 */
final class RecordAudit {

  private final StoreContents contents;
  private final Numbering numbering;
  private final Problems problems;
  private final long chainPosition;
  private final Chain chain = new Chain();

  private long head;
  private long recordedMicros;
  private ByteString hashAtPosition = chain.hash();
  private long hashedPosition;

  /**
   * @param chainPosition up to where the hash is to be told; the head if that is lower
   */
  RecordAudit(StoreContents contents, Numbering numbering, Problems problems, long chainPosition) {
    this.contents = contents;
    this.numbering = numbering;
    this.problems = problems;
    this.chainPosition = chainPosition;
  }

  void run() {
    contents.forEachEvent(this::audit);
  }

  /** The newest position; 0 = there is no event. */
  long head() {
    return head;
  }

  /** When the event there was recorded. */
  long recordedMicros() {
    return recordedMicros;
  }

  /** The chain hash there. */
  ByteString hash() {
    return chain.hash();
  }

  /** The chain hash at {@link #hashedPosition()}. */
  ByteString hashAtPosition() {
    return hashAtPosition;
  }

  /** The position asked for, or the head if that is lower. */
  long hashedPosition() {
    return hashedPosition;
  }

  private void audit(EventRow row) {
    long position = row.position();
    if (position != head + 1) {
      problems.add("events " + (head + 1) + ": missing, the next is " + position);
    }
    head = position;
    chain.append(row);
    auditChain(position);
    audit(position, row.event());
  }

  private void auditChain(long position) {
    if (position <= chainPosition) {
      hashAtPosition = chain.hash();
      hashedPosition = position;
    }
    if (position % StoreContents.CHAIN_INTERVAL == 0) {
      Optional<ByteString> kept = contents.chainHash(position);
      if (kept.isEmpty()) {
        problems.add("meta: no chain hash is kept at " + position);
      } else if (!kept.get().equals(chain.hash())) {
        problems.add("meta: the chain hash kept at " + position + " is not that of the events");
      }
    }
  }

  private void audit(long position, StoredEvent event) {
    String at = "events " + position + ": ";
    if (event.position() != position) {
      problems.add(at + "says that it is at " + event.position());
    }
    if (event.recordedMicros() < recordedMicros) {
      problems.add(
          at + "recorded at " + event.recordedMicros() + ", the one before at " + recordedMicros);
    }
    recordedMicros = event.recordedMicros();
    long source = numbering.of(event.source());
    if (source == 0) {
      problems.add("sources \"" + event.source() + "\": missing, used by the event at " + position);
    } else {
      audit(position, event, source);
    }
    for (Label label : Numbering.labels(event)) {
      audit(position, label);
    }
    if (event.clientSequence() != 0) {
      auditOrigin(position, event);
    }
  }

  private void auditOrigin(long position, StoredEvent event) {
    long origin = numbering.of(Origin.of(event));
    if (origin == 0) {
      problems.add(
          String.format(
              Locale.ROOT,
              "origins \"%s\", \"%s\": missing, used by the event at %d",
              event.clientId(),
              event.bufferId(),
              position));
      return;
    }
    Optional<Long> kept = contents.sequence(origin, event.clientSequence());
    if (!kept.equals(Optional.of(position))) {
      problems.add(
          String.format(
              Locale.ROOT,
              "by_origin %d, %d: %s, the event is at %d",
              origin,
              event.clientSequence(),
              kept.map(at -> "names position " + at).orElse("missing"),
              position));
    }
  }

  private void audit(long position, StoredEvent event, long source) {
    long listed = contents.position(source, event.version());
    if (listed != position) {
      problems.add(
          String.format(
              Locale.ROOT,
              "by_source %d, %d: %s, the event is at %d",
              source,
              event.version(),
              found(listed),
              position));
    }
    if (!event.key().isEmpty()) {
      long latest = contents.latest(source, event.key());
      if (latest < position) {
        problems.add(
            String.format(
                Locale.ROOT,
                "latest %d, \"%s\": %s, an event with that key is at %d",
                source,
                event.key(),
                found(latest),
                position));
      }
    }
  }

  private void audit(long position, Label label) {
    long number = numbering.of(label);
    if (number == 0) {
      problems.add(
          String.format(
              Locale.ROOT,
              "names %s \"%s\": missing, used by the event at %d",
              label.kind(),
              label.value(),
              position));
    } else if (!contents.isListed(number, position)) {
      problems.add(
          String.format(
              Locale.ROOT,
              "labels %d, %d: missing, the event there has %s \"%s\"",
              number,
              position,
              label.kind(),
              label.value()));
    }
  }

  private static String found(long position) {
    return position == 0 ? "missing" : "names position " + position;
  }
}
