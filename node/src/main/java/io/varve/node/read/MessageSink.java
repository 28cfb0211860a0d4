package io.varve.node.read;

import io.varve.proto.v1.Error;

/**
 * Where a stream writes its messages. Written to by one thread at a time.
 *
 * @param <T> the messages
 */
public interface MessageSink<T> {

  /** Whether the caller takes more now. When it does again, the {@link #onReady} action runs. */
  boolean isReady();

  /** Writes a message. */
  void next(T message);

  /** Ends the stream. */
  void completed();

  /** Ends the stream with an error. */
  void failed(Error error);

  /**
   * What to run when the caller takes more again. Set before the call that opens the stream
   * returns.
   */
  void onReady(Runnable action);

  /** What to run when the caller is gone. Set before the call that opens the stream returns. */
  void onCancel(Runnable action);
}
