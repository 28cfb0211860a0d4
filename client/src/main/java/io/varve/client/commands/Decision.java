package io.varve.client.commands;

import io.varve.client.Filter;
import io.varve.client.serialization.DecodedEvent;
import java.util.List;
import java.util.function.BiFunction;

/**
 * What a command decides by: reads of the log whose results are checked when its events are
 * appended. If anything that was read has changed by then, the append is refused. The declared
 * scope is checked besides; reads never narrow it.
 *
 * <p>Reads are linearizable and see what was committed, not what this command (or one that joined
 * it) is about to append. To be used by the thread that runs {@code handle()}, until it returns:
 * later, its methods throw {@link IllegalStateException}. They throw {@link
 * io.varve.client.VarveException}s like the client's reads. All reads of one command, those of
 * commands that joined it included, may make at most 64 different checks.
 */
public interface Decision {

  /** The most events {@link #events} returns. */
  int MAX_EVENTS = 10_000;

  /**
   * How many events a source has had; 0 = it does not exist. Checked: the source still has exactly
   * this version.
   */
  long version(EventSourceId source);

  /** Whether a source exists. Checked: it still does, or still does not; it may get more events. */
  boolean exists(EventSourceId source);

  /**
   * A source's events, oldest first. Checked: the source still has exactly this version.
   *
   * @throws IllegalStateException if there are more than 10,000: use {@link #fold(EventSourceId,
   *     Object, BiFunction)}
   */
  List<DecodedEvent> events(EventSourceId source);

  /**
   * All events that match, oldest first. Checked: no other event that matches exists.
   *
   * @throws IllegalStateException if there are more than 10,000: use {@link #fold(Filter, Object,
   *     BiFunction)}
   */
  List<DecodedEvent> events(Filter filter);

  /**
   * A source's events folded into a value, oldest first, without holding them in memory. Checked as
   * {@link #events(EventSourceId)}.
   */
  <S> S fold(
      EventSourceId source,
      S initial,
      BiFunction<? super S, ? super DecodedEvent, ? extends S> step);

  /**
   * All events that match folded into a value, oldest first, without holding them in memory.
   * Checked as {@link #events(Filter)}.
   */
  <S> S fold(
      Filter filter, S initial, BiFunction<? super S, ? super DecodedEvent, ? extends S> step);
}
