package io.varve.client.serialization;

import org.jspecify.annotations.Nullable;

/**
 * An event object that cannot be written, or an event of a registered type that cannot be read as
 * its class. The message names the class or the event, and what is wrong with it.
 */
public final class EventSerializationException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  EventSerializationException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
