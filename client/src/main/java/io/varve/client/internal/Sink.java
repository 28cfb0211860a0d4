package io.varve.client.internal;

/** Where a stream's responses go. Called under the stream's lock: short, and without waiting. */
interface Sink {

  /**
   * Takes a chunk.
   *
   * @return whether it was put aside, so that {@link ResumableStream#consumed} will follow
   */
  boolean take(Chunk chunk);

  /** Nothing more comes. */
  void ended();

  /** Nothing more comes, because of this. */
  void failed(Throwable error);
}
