package io.varve.client.commands;

/** A command that names its event source itself. Comes before any component of the record. */
public interface CanProvideEventSourceId {

  /** The event source. Must not be null, and must be the same each time. */
  EventSourceId eventSourceId();
}
