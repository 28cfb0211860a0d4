package io.varve.client.localfirst;

import org.jspecify.annotations.Nullable;

/**
 * The buffer's files cannot be used (locked by another process, not readable or writable, no space
 * left, damaged: the message names the file and what to do), or a source's state cannot be told,
 * because the application's own reduce function failed. Of a failed {@link LocalSource#append
 * append} nothing will be sent, unless the file holds it after all when it is opened again.
 */
public final class LocalBufferException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  LocalBufferException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
