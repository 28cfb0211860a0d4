package io.varve.client;

import java.util.Objects;

/**
 * Where an event source stands.
 *
 * @param source the source
 * @param version how many events it has had; 0 = it does not exist
 * @param lastPosition the position of its newest event; 0 = it does not exist
 * @param head the head at which this was answered
 */
public record SourceState(String source, long version, long lastPosition, long head) {
  public SourceState {
    Objects.requireNonNull(source, "source");
  }

  /** Whether the source has any event. */
  public boolean exists() {
    return version > 0;
  }
}
