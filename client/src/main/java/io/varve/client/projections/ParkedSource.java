package io.varve.client.projections;

import io.varve.client.Event;
import java.util.Objects;

/**
 * A source whose events are set aside because one of them could not be applied. The events
 * themselves stay in the log, from where they are replayed.
 *
 * @param source the source
 * @param partition which partition of the projection it belongs to
 * @param firstPosition the event that failed; everything of the source from there on is parked
 * @param lastPosition the newest event that is parked
 * @param events how many events are parked
 * @param error what the handler said when it failed last, cut to {@link #MAX_ERROR_LENGTH}
 *     characters
 * @param action what was asked to be done and has not been finished yet
 */
public record ParkedSource(
    String source,
    int partition,
    long firstPosition,
    long lastPosition,
    long events,
    String error,
    ParkedAction action) {

  /** The longest error kept, in characters. */
  public static final int MAX_ERROR_LENGTH = 1_000;

  public ParkedSource {
    Objects.requireNonNull(source, "source");
    Objects.requireNonNull(action, "action");
    if (firstPosition < 1 || lastPosition < firstPosition || events < 1) {
      throw new IllegalArgumentException(
          "a parked source has events from "
              + firstPosition
              + " to "
              + lastPosition
              + ", "
              + events
              + " in number");
    }
    if (error.length() > MAX_ERROR_LENGTH) {
      error = error.substring(0, MAX_ERROR_LENGTH);
    }
  }

  static ParkedSource of(Event failed, int partition, Throwable why) {
    return new ParkedSource(
        failed.source(),
        partition,
        failed.position(),
        failed.position(),
        1,
        String.valueOf(why),
        ParkedAction.NONE);
  }

  /** With one more event at its end. */
  ParkedSource extended(Event event) {
    return new ParkedSource(
        source, partition, firstPosition, event.position(), events + 1, error, action);
  }

  /** With another beginning: everything before it was replayed or left out. */
  ParkedSource from(long position, long left, String newError, ParkedAction newAction) {
    return new ParkedSource(
        source,
        partition,
        position,
        Math.max(position, lastPosition),
        Math.max(1, left),
        newError,
        newAction);
  }
}
