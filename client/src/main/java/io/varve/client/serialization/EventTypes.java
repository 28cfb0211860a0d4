package io.varve.client.serialization;

import io.varve.client.commands.EventType;
import java.lang.reflect.Modifier;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Which class stands for which event type. Immutable and thread-safe.
 *
 * <p>To write an event its class need only carry {@link EventType}; to read events as objects their
 * classes must be registered here.
 *
 * <p>Several generations of one event type are several classes with the same name. Events of all
 * but the newest are turned into it when they are read, one generation at a time.
 */
public final class EventTypes {

  private static final EventTypes NONE = builder().build();

  private final Map<EventTypeId, Class<?>> classes;
  private final Map<Class<?>, EventTypeId> ids;
  private final Map<EventTypeId, Upcaster> upcasters;
  private final Map<String, Integer> newest;

  /** What classes that were not registered say of themselves. */
  private final ClassValue<EventTypeId> annotated =
      new ClassValue<>() {
        @Override
        protected EventTypeId computeValue(Class<?> type) {
          EventTypeId id = declared(type);
          Class<?> registered = classes.get(id);
          if (registered != null) {
            throw taken(id, registered, type);
          }
          return id;
        }
      };

  private record Upcaster(Class<?> to, Function<Object, Object> function) {}

  private EventTypes(Builder builder) {
    this.classes = Map.copyOf(builder.classes);
    this.ids = Map.copyOf(builder.ids);
    this.upcasters = Map.copyOf(builder.upcasters);
    Map<String, Integer> newest = new HashMap<>();
    classes.keySet().forEach(id -> newest.merge(id.name(), id.generation(), Math::max));
    this.newest = Map.copyOf(newest);
  }

  /** No class is registered: enough to write events, not to read them. */
  public static EventTypes none() {
    return NONE;
  }

  /**
   * The event types of these classes; a sealed type stands for all its permitted classes.
   *
   * @throws IllegalArgumentException see {@link Builder#add(Class[])} and {@link Builder#build}
   */
  public static EventTypes of(Class<?>... classes) {
    return builder().add(classes).build();
  }

  /** Starts without any class. */
  public static Builder builder() {
    return new Builder();
  }

  /** The registered event types, by name. */
  public Set<String> names() {
    return new TreeSet<>(newest.keySet());
  }

  /**
   * The event type a class stands for: as registered, or else as its {@link EventType} says.
   *
   * @throws IllegalArgumentException if it has neither, or says what another class is registered
   *     with
   */
  public EventTypeId idOf(Class<?> type) {
    EventTypeId id = ids.get(type);
    return id != null ? id : annotated.get(type);
  }

  /** The class that is registered for an event type's generation. */
  public Optional<Class<?>> classOf(EventTypeId id) {
    return Optional.ofNullable(classes.get(id));
  }

  /** Whether any generation of this event type is registered. */
  public boolean knows(String name) {
    return newest.containsKey(name);
  }

  /** The newest registered generation of an event. */
  Object upcast(EventTypeId id, Object value) {
    EventTypeId at = id;
    Object current = value;
    for (Upcaster step = upcasters.get(at); step != null; step = upcasters.get(at)) {
      Object next;
      try {
        next = step.function().apply(current);
      } catch (RuntimeException e) {
        throw new EventSerializationException("the upcaster of " + at + " failed: " + e, e);
      }
      if (!step.to().isInstance(next)) {
        throw new EventSerializationException(
            "the upcaster of "
                + at
                + " must give a "
                + step.to().getName()
                + ", but gave "
                + (next == null ? "null" : "a " + next.getClass().getName()),
            null);
      }
      current = next;
      at = new EventTypeId(at.name(), at.generation() + 1);
    }
    return current;
  }

  private static EventTypeId declared(Class<?> type) {
    EventType annotation = type.getAnnotation(EventType.class);
    if (annotation == null) {
      throw new IllegalArgumentException(
          type.getName()
              + " is no event type: annotate it with @EventType(\"…\"), or register it in"
              + " EventTypes with a name");
    }
    String name = annotation.value().isEmpty() ? type.getSimpleName() : annotation.value();
    if (annotation.generation() < 1) {
      throw new IllegalArgumentException(
          type.getName()
              + ": @EventType's generation is at least 1, but is "
              + annotation.generation());
    }
    return new EventTypeId(name, annotation.generation());
  }

  private static IllegalArgumentException taken(
      EventTypeId id, @Nullable Class<?> one, Class<?> other) {
    return new IllegalArgumentException(
        id
            + " is declared by both "
            + (one == null ? "?" : one.getName())
            + " and "
            + other.getName()
            + ": give one of them another name or another generation");
  }

  /** Builds {@link EventTypes}. Not thread-safe. */
  public static final class Builder {
    private final Map<EventTypeId, Class<?>> classes = new LinkedHashMap<>();
    private final Map<Class<?>, EventTypeId> ids = new HashMap<>();
    private final Map<EventTypeId, Upcaster> upcasters = new HashMap<>();

    private Builder() {}

    /**
     * Adds classes under the names their {@link EventType} gives them. A sealed type stands for all
     * its permitted classes.
     *
     * @throws IllegalArgumentException if a class has no {@link EventType} or cannot be
     *     instantiated, or if another class has its name and generation; the message names both
     */
    public Builder add(Class<?>... types) {
      for (Class<?> type : types) {
        if (type.isSealed()) {
          add(type.getPermittedSubclasses());
        } else {
          add(type, declared(type));
        }
      }
      return this;
    }

    /**
     * Adds a class, annotated or not, under a name of the caller's choice.
     *
     * @throws IllegalArgumentException as {@link #add(Class[])}
     */
    public Builder add(Class<?> type, String name, int generation) {
      return add(type, new EventTypeId(name, generation));
    }

    private Builder add(Class<?> type, EventTypeId id) {
      if (type.isInterface() || Modifier.isAbstract(type.getModifiers())) {
        throw new IllegalArgumentException(
            type.getName()
                + " is abstract: register the classes of its events, or make it sealed to register"
                + " them all");
      }
      Class<?> other = classes.putIfAbsent(id, type);
      if (other != null && other != type) {
        throw taken(id, other, type);
      }
      EventTypeId before = ids.putIfAbsent(type, id);
      if (before != null && !before.equals(id)) {
        throw new IllegalArgumentException(
            type.getName() + " is registered as " + before + " and as " + id + ": choose one");
      }
      return this;
    }

    /**
     * Adds how events of one generation become the next when they are read. Classes that were not
     * added yet are, under the names their {@link EventType} gives them.
     *
     * @param from the class of generation n
     * @param to the class of generation n + 1 of the same event type
     * @param function makes the new object; must not return null
     * @throws IllegalArgumentException if the two classes are not so, or there is an upcaster from
     *     that generation already
     */
    public <A, B> Builder upcast(
        Class<A> from, Class<B> to, Function<? super A, ? extends B> function) {
      Objects.requireNonNull(function, "function");
      EventTypeId old = idOf(from);
      EventTypeId next = idOf(to);
      if (!old.name().equals(next.name()) || next.generation() != old.generation() + 1) {
        throw new IllegalArgumentException(
            "an upcaster leads from one generation of an event type to the next, not from "
                + old
                + " ("
                + from.getName()
                + ") to "
                + next
                + " ("
                + to.getName()
                + ")");
      }
      Upcaster upcaster = new Upcaster(to, value -> function.apply(from.cast(value)));
      if (upcasters.putIfAbsent(old, upcaster) != null) {
        throw new IllegalArgumentException("there are two upcasters from " + old + ": remove one");
      }
      return this;
    }

    private EventTypeId idOf(Class<?> type) {
      EventTypeId id = ids.get(type);
      if (id == null) {
        add(type);
        id = ids.get(type);
      }
      if (id == null) {
        throw new IllegalArgumentException(
            type.getName() + " is a sealed type: name one of its permitted classes");
      }
      return id;
    }

    /**
     * The event types.
     *
     * @throws IllegalArgumentException if events of a registered generation cannot become the
     *     newest one, for want of an upcaster
     */
    public EventTypes build() {
      EventTypes types = new EventTypes(this);
      for (Map.Entry<EventTypeId, Class<?>> entry : classes.entrySet()) {
        EventTypeId id = entry.getKey();
        int newest = types.newest.getOrDefault(id.name(), id.generation());
        if (id.generation() < newest && !upcasters.containsKey(id)) {
          throw new IllegalArgumentException(
              id
                  + " ("
                  + entry.getValue().getName()
                  + ") cannot become generation "
                  + newest
                  + ": add an upcaster to generation "
                  + (id.generation() + 1));
        }
      }
      return types;
    }
  }
}
