package io.varve.faults;

import io.varve.proto.v1.Append;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** Every run that origins sent, and what it came to. Thread-safe. */
final class OriginHistory {

  /** What must become of a run. */
  enum Kind {
    /** It says what the buffer says, and leaves no gap: it lands, as far as it has not. */
    TRUE,
    /** Numbers are missing before it: it is refused. */
    GAP,
    /** It says something else of a number that has landed: it is refused. */
    DIVERGING
  }

  /**
   * One sending of a run.
   *
   * @param buffer what it was cut from
   * @param kind what must become of it
   * @param append the run
   * @param landed up to which number everything was known to have landed when it was sent
   * @param sent up to which number anything had been sent by then, by runs that may land
   * @param attempt what it came to
   */
  record Sending(
      OriginBuffer buffer, Kind kind, Append append, long landed, long sent, Attempt attempt) {

    long first() {
      return append.getOrigin().getFirstSequence();
    }

    int length() {
      return append.getEventsCount() + append.getOrigin().getVoidsCount();
    }

    @Override
    public String toString() {
      return "%s run %d to %d of %s".formatted(kind, first(), first() + length() - 1, buffer);
    }
  }

  private final Queue<Sending> sendings = new ConcurrentLinkedQueue<>();

  void add(Sending sending) {
    sendings.add(sending);
  }

  List<Sending> sendings() {
    return List.copyOf(sendings);
  }
}
