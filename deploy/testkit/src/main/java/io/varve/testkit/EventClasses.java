package io.varve.testkit;

import io.varve.client.NewEvent;
import io.varve.client.commands.Command;
import io.varve.client.commands.EventForEventSourceId;
import io.varve.client.commands.EventType;
import io.varve.client.serialization.EventCodec;
import io.varve.client.serialization.EventTypes;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.WildcardType;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The event classes an example knows: the application's codec's, or those that occur in it. */
final class EventClasses {

  private final Optional<EventCodec> given;
  private final Set<Class<?>> classes;

  private EventClasses(Optional<EventCodec> given, Set<Class<?>> classes) {
    this.given = given;
    this.classes = classes;
  }

  /** None, or those of the application's codec. */
  static EventClasses of(Optional<EventCodec> codec) {
    return new EventClasses(codec, Set.of());
  }

  /**
   * These, and those of what an example names: events, and commands for what their {@code handle()}
   * declares to return.
   */
  EventClasses with(Iterable<?> named) {
    Set<Class<?>> all = new LinkedHashSet<>(classes);
    named.forEach(one -> add(one, all));
    return new EventClasses(given, all);
  }

  /** These, and those that a command declares to return; none, if it is no command at all. */
  EventClasses withCommand(Object command) {
    return command.getClass().isAnnotationPresent(Command.class) ? with(List.of(command)) : this;
  }

  EventCodec codec() {
    return given.orElseGet(() -> EventCodec.json(EventTypes.of(classes.toArray(Class<?>[]::new))));
  }

  private static void add(Object named, Set<Class<?>> to) {
    if (named instanceof EventForEventSourceId event) {
      add(event.event(), to);
    } else if (named.getClass().isAnnotationPresent(Command.class)) {
      for (Method method : named.getClass().getDeclaredMethods()) {
        if (method.getName().equals("handle")) {
          addReturned(method.getGenericReturnType(), to);
        }
      }
    } else if (!(named instanceof NewEvent)) {
      to.add(named.getClass());
    }
  }

  /** Events, containers of events, and sealed types some of whose permitted classes are events. */
  private static void addReturned(Type type, Set<Class<?>> to) {
    if (type instanceof Class<?> returned) {
      if (returned.isAnnotationPresent(EventType.class)) {
        to.add(returned);
      } else if (returned.isArray()) {
        addReturned(returned.getComponentType(), to);
      } else if (returned.isSealed()) {
        addReturned(returned.getPermittedSubclasses(), to);
      }
    } else if (type instanceof ParameterizedType container) {
      addReturned(container.getActualTypeArguments(), to);
    } else if (type instanceof WildcardType any) {
      addReturned(any.getUpperBounds(), to);
    } else if (type instanceof GenericArrayType array) {
      addReturned(array.getGenericComponentType(), to);
    }
  }

  private static void addReturned(Type[] types, Set<Class<?>> to) {
    for (Type type : types) {
      addReturned(type, to);
    }
  }
}
