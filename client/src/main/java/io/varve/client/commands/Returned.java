package io.varve.client.commands;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.BaseStream;
import org.jspecify.annotations.Nullable;

/** What one {@code handle()} returned, taken apart. Not thread-safe. */
final class Returned {

  /** More than any log takes in one append; ends an endless stream. */
  static final int MAX_EVENTS = 65_536;

  /**
   * One event.
   *
   * @param source the source it was returned with; empty = the command's
   */
  record Item(Optional<EventSourceId> source, Object event) {}

  private final CommandModel model;
  private final List<Item> items = new ArrayList<>(2);
  private @Nullable Rejection rejection;

  private Returned(CommandModel model) {
    this.model = model;
  }

  /**
   * Takes a value apart.
   *
   * @throws CommandFailedException if it has a null, or too many events, in it
   */
  static Returned of(CommandModel model, Object value) {
    Returned returned = new Returned(model);
    returned.add(value, Optional.empty());
    return returned;
  }

  /** Nothing was returned. */
  static Returned nothing(CommandModel model) {
    return new Returned(model);
  }

  List<Item> items() {
    return items;
  }

  Optional<Rejection> rejection() {
    return Optional.ofNullable(rejection);
  }

  private void add(@Nullable Object value, Optional<EventSourceId> source) {
    if (value == null) {
      throw model.failed(
          "handle() returned null: return Optional.empty() or List.of() for nothing", null);
    }
    if (value instanceof Rejection no) {
      if (rejection == null) {
        rejection = no;
      }
    } else if (value instanceof EventForEventSourceId one) {
      add(one.event(), Optional.of(one.eventSourceId()));
    } else if (value instanceof Handled handled) {
      handled.events().forEach(event -> add(event, Optional.of(handled.eventSourceId())));
    } else if (value.getClass().isAnnotationPresent(EventType.class)) {
      addEvent(value, source);
    } else if (value instanceof Optional<?> maybe) {
      maybe.ifPresent(event -> add(event, source));
    } else if (value instanceof Iterable<?> several) {
      several.forEach(event -> add(event, source));
    } else if (value instanceof BaseStream<?, ?> stream) {
      try (stream) {
        stream.iterator().forEachRemaining(event -> add(event, source));
      }
    } else if (value instanceof Object[] several) {
      for (Object event : several) {
        add(event, source);
      }
    } else {
      addEvent(value, source);
    }
  }

  private void addEvent(Object event, Optional<EventSourceId> source) {
    if (items.size() == MAX_EVENTS) {
      throw model.failed(
          "handle() returned more than " + MAX_EVENTS + " events: split the command", null);
    }
    items.add(new Item(source, event));
  }
}
