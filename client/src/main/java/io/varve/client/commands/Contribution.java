package io.varve.client.commands;

import io.varve.client.NewEvent;
import io.varve.client.serialization.EventCodec;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * The events one command adds to an append, labelled and encoded.
 *
 * @param events the events, in the order returned
 * @param sources their sources, each once
 * @param firstSource the source of the first
 */
record Contribution(
    List<NewEvent> events, Collection<String> sources, Optional<EventSourceId> firstSource) {

  static Contribution of(
      CommandModel model,
      EventCodec codec,
      String streamId,
      Optional<EventSourceId> commandSource,
      Returned returned,
      Supplier<? extends EventSourceId> newSource) {
    List<NewEvent> events = new ArrayList<>(returned.items().size());
    Set<String> sources = new LinkedHashSet<>();
    Optional<EventSourceId> own = commandSource;
    Optional<EventSourceId> first = Optional.empty();
    for (Returned.Item item : returned.items()) {
      Optional<EventSourceId> source = item.source();
      if (source.isEmpty()) {
        if (own.isEmpty()) {
          own = Optional.of(newSource.get()); // one for all events of the command
        }
        source = own;
      }
      EventSourceId id = source.get();
      String name = id.value();
      if (name == null || name.isEmpty()) {
        throw model.failed("an event source id is " + (name == null ? "null" : "empty"), null);
      }
      if (first.isEmpty()) {
        first = source;
      }
      sources.add(name);
      events.add(encode(model, codec, name, item.event(), streamId));
    }
    return new Contribution(events, sources, first);
  }

  private static NewEvent encode(
      CommandModel model, EventCodec codec, String source, Object event, String streamId) {
    NewEvent.Builder builder;
    try {
      builder = codec.encode(source, event);
    } catch (IllegalArgumentException noEvent) {
      throw model.failed(
          "handle() returned a " + event.getClass().getName() + ": " + noEvent.getMessage(),
          noEvent);
    }
    return builder
        .sourceType(model.sourceType())
        .streamType(model.streamType())
        .streamId(streamId)
        .build();
  }
}
