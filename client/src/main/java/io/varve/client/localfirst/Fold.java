package io.varve.client.localfirst;

import io.varve.client.Event;
import java.util.Collection;

/**
 * How a source's events become its state, and what of them is kept in the file. The caller sees to
 * it that events come in the order of their positions, each once.
 *
 * @param <S> the state's type
 */
interface Fold<S> {

  /** What is kept in the file: changes when the file's content can no longer be read as before. */
  String kind();

  /** Whether the newest event per key is all that is needed. */
  boolean latestOnly();

  /** Forgets everything. */
  void reset();

  /** The log's next event of the source. */
  void apply(Event event);

  /** Under which key an event is kept; an empty one if it is not kept. */
  String keptAs(Event event);

  /** The state with some events on top, oldest first. */
  S with(Collection<LocalEvent> overlay);
}
