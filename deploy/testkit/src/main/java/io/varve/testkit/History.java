package io.varve.testkit;

import io.varve.client.NewEvent;
import io.varve.client.VarveClient;
import io.varve.client.commands.Command;
import io.varve.client.commands.CommandResult;
import io.varve.client.commands.Commands;
import io.varve.client.commands.EventForEventSourceId;
import io.varve.client.commands.EventSourceId;
import io.varve.client.serialization.EventCodec;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;

/** Lets happen what an example says has happened. */
final class History {

  private final VarveClient client;
  private final EventCodec codec;
  private final Commands commands;

  History(VarveClient client, EventCodec codec) {
    this.client = client;
    this.codec = codec;
    this.commands = Commands.builder(client).codec(codec).build();
  }

  /**
   * Appends an event, or executes a command.
   *
   * @param when for the error: given, or meanwhile
   */
  void happens(String when, Object what) {
    try {
      if (what instanceof NewEvent event) {
        client.append(event).orThrow();
      } else if (what instanceof EventForEventSourceId event) {
        append(event.eventSourceId(), event.event());
      } else if (what.getClass().isAnnotationPresent(Command.class)) {
        CommandResult result = commands.execute(what);
        if (!(result instanceof CommandResult.Appended)) {
          throw new AssertionError(when + ": the command " + what + " did not append: " + result);
        }
      } else {
        append(source(what), what);
      }
    } catch (RuntimeException e) {
      throw new AssertionError(when + ": " + what + " cannot be appended: " + e.getMessage(), e);
    }
  }

  private void append(EventSourceId source, Object event) {
    client.append(codec.encode(source.value(), event).build()).orThrow();
  }

  private static EventSourceId source(Object event) {
    List<EventSourceId> found = new ArrayList<>();
    if (event.getClass().isRecord()) {
      for (RecordComponent component : event.getClass().getRecordComponents()) {
        if (EventSourceId.class.isAssignableFrom(component.getType())) {
          found.add((EventSourceId) value(component, event));
        }
      }
    }
    if (found.size() != 1) {
      throw new IllegalArgumentException(
          event.getClass().getName()
              + " has "
              + (found.isEmpty() ? "no component" : found.size() + " components")
              + " of type EventSourceId, so its event source is not known: give"
              + " EventForEventSourceId.of(id, event)");
    }
    return found.get(0);
  }

  private static Object value(RecordComponent component, Object event) {
    try {
      component.getAccessor().setAccessible(true); // tests' records are seldom public
      return component.getAccessor().invoke(event);
    } catch (IllegalAccessException | InvocationTargetException e) {
      throw new IllegalArgumentException(
          "cannot read " + component.getName() + " of " + event.getClass().getName(), e);
    }
  }
}
