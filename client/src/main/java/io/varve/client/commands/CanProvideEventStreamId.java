package io.varve.client.commands;

/**
 * A command whose stream id is known only at run time. To have it join the concurrency scope, add
 * {@code @EventStreamId(concurrency = true)}, without a value.
 */
public interface CanProvideEventStreamId {

  /**
   * The stream id, 1 to 512 bytes of UTF-8; the same each time. Empty = none: the command then
   * fails if the stream id is flagged for the concurrency scope.
   */
  String eventStreamId();
}
