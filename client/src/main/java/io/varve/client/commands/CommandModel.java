package io.varve.client.commands;

import io.varve.client.Filter;
import io.varve.client.FilterItem;
import io.varve.client.serialization.EventTypes;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.RecordComponent;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a command's declaration says, read once per type: from then on it is called through method
 * handles. Immutable.
 */
final class CommandModel {

  /** What the log takes for a label, in bytes of UTF-8. */
  private static final int MAX_LABEL_BYTES = 512;

  /** What the log takes in one filter. */
  private static final int MAX_FILTER_ITEMS = 16;

  private static final Set<Class<?>> KEY_TYPES =
      Set.of(
          String.class,
          UUID.class,
          int.class,
          long.class,
          short.class,
          byte.class,
          Integer.class,
          Long.class,
          Short.class,
          Byte.class,
          java.math.BigInteger.class);

  private final Class<?> type;
  private final String sourceType;
  private final String streamType;
  private final String constantStreamId;
  private final boolean providesStreamId;
  private final boolean sourceTypeFlagged;
  private final boolean streamTypeFlagged;
  private final boolean streamIdFlagged;
  private final boolean sourceFlagged;

  private final MethodHandle handle; // (Object) Object, or (Object, Object) Object
  private final boolean takesDecision;
  private final boolean returnsNothing;

  private final boolean providesSource;
  private final Optional<Component> sourceComponent;

  /** The scope, if every label in it is constant. */
  private final Optional<Filter> constantScope;

  /**
   * The component that names the source.
   *
   * @param accessor (Object) Object
   */
  private record Component(String name, MethodHandle accessor) {}

  /**
   * Reads a declaration.
   *
   * @throws CommandDeclarationException if there is a mistake in it
   */
  CommandModel(Class<?> type, EventTypes types) {
    this.type = type;
    Command command = type.getAnnotation(Command.class);
    if (command == null) {
      throw mistake("it is not annotated with @Command: add it");
    }
    if (!type.isRecord()) {
      throw mistake("it is not a record: make it one, with the command's data as components");
    }

    EventSourceType sourceTypeLabel = type.getAnnotation(EventSourceType.class);
    this.sourceType =
        sourceTypeLabel == null ? "" : constant("EventSourceType", sourceTypeLabel.value());
    this.sourceTypeFlagged = sourceTypeLabel != null && sourceTypeLabel.concurrency();
    EventStreamType streamTypeLabel = type.getAnnotation(EventStreamType.class);
    this.streamType =
        streamTypeLabel == null ? "" : constant("EventStreamType", streamTypeLabel.value());
    this.streamTypeFlagged = streamTypeLabel != null && streamTypeLabel.concurrency();
    EventStreamId streamIdLabel = type.getAnnotation(EventStreamId.class);
    this.providesStreamId = CanProvideEventStreamId.class.isAssignableFrom(type);
    this.constantStreamId = constantStreamId(streamIdLabel);
    this.streamIdFlagged = streamIdLabel != null && streamIdLabel.concurrency();
    this.sourceFlagged = command.sourceConcurrency();

    Method method = handleMethod();
    this.takesDecision = method.getParameterCount() == 1;
    this.returnsNothing = method.getReturnType() == void.class;
    ReturnTypes returned = new ReturnTypes(type, types);
    returned.check(method.getGenericReturnType());
    this.handle = handle(method, takesDecision ? 2 : 1);

    this.providesSource = CanProvideEventSourceId.class.isAssignableFrom(type);
    this.sourceComponent =
        sourceComponent(providesSource || returned.namesSources(method.getGenericReturnType()));
    this.constantScope =
        scoped() && !sourceFlagged && !(streamIdFlagged && providesStreamId)
            ? scope(constantStreamId, List.of())
            : Optional.empty();
  }

  // ---- reading the declaration ----

  private CommandDeclarationException mistake(String what) {
    return new CommandDeclarationException(type, what);
  }

  private String constant(String annotation, String value) {
    if (value.isEmpty()) {
      throw mistake("@" + annotation + " has no value: give it one, or remove the annotation");
    }
    int bytes = value.getBytes(StandardCharsets.UTF_8).length;
    if (bytes > MAX_LABEL_BYTES) {
      throw mistake(
          "@"
              + annotation
              + "'s value has "
              + bytes
              + " bytes; a label has at most "
              + MAX_LABEL_BYTES
              + ": shorten it");
    }
    return value;
  }

  private String constantStreamId(@Nullable EventStreamId label) {
    if (label == null) {
      return "";
    }
    if (providesStreamId) {
      if (!label.value().isEmpty()) {
        throw new AmbiguousEventStreamIdException(type, label.value());
      }
      return "";
    }
    if (label.value().isEmpty()) {
      throw mistake(
          "@EventStreamId has no value: give it one, or implement CanProvideEventStreamId");
    }
    return constant("EventStreamId", label.value());
  }

  private Method handleMethod() {
    List<Method> found = new ArrayList<>();
    for (Method method : type.getDeclaredMethods()) {
      if (method.getName().equals("handle") && !method.isBridge() && !method.isSynthetic()) {
        found.add(method);
      }
    }
    if (found.isEmpty()) {
      throw mistake("it has no method handle(): add one that returns the events to append");
    }
    if (found.size() > 1) {
      throw mistake(
          "it has "
              + found.size()
              + " methods handle: keep one, handle() or handle(Decision), and rename the others");
    }
    Method method = found.get(0);
    if (Modifier.isStatic(method.getModifiers())) {
      throw mistake("its method handle is static: make it an instance method");
    }
    Class<?>[] parameters = method.getParameterTypes();
    if (parameters.length > 1 || (parameters.length == 1 && parameters[0] != Decision.class)) {
      throw mistake(
          "its method handle takes "
              + Arrays.stream(parameters).map(Class::getName).toList()
              + ": it takes nothing, or a "
              + Decision.class.getName()
              + "; what else it needs is a component of the record");
    }
    return method;
  }

  private MethodHandle handle(Method method, int arguments) {
    try {
      method.setAccessible(true);
      return MethodHandles.lookup()
          .unreflect(method)
          .asType(MethodType.genericMethodType(arguments));
    } catch (IllegalAccessException | RuntimeException closed) {
      throw mistake(
          "its method "
              + method.getName()
              + " cannot be called ("
              + closed.getMessage()
              + "): make the record and the method public, or open its package to the client");
    }
  }

  private Optional<Component> sourceComponent(boolean otherwiseNamed) {
    List<RecordComponent> ids = new ArrayList<>();
    List<RecordComponent> keys = new ArrayList<>();
    for (RecordComponent component : type.getRecordComponents()) {
      if (EventSourceId.class.isAssignableFrom(component.getType())) {
        ids.add(component);
      }
      if (component.isAnnotationPresent(Key.class)) {
        keys.add(component);
      }
    }
    if (keys.size() > 1) {
      throw mistake(
          "its components "
              + names(keys)
              + " are all annotated with @Key: keep it on the one that is the event source");
    }
    for (RecordComponent key : keys) {
      if (!isKeyType(key.getType())) {
        throw mistake(
            "its @Key component "
                + key.getName()
                + " is a "
                + key.getType().getName()
                + ": a key is a String, a UUID, a whole number, an enum or an EventSourceId");
      }
    }
    if (ids.size() == 1) {
      return Optional.of(component(ids.get(0)));
    }
    if (!keys.isEmpty() && (ids.isEmpty() || ids.contains(keys.get(0)))) {
      return Optional.of(component(keys.get(0)));
    }
    if (ids.size() > 1 && !otherwiseNamed) {
      throw mistake(
          "its components "
              + names(ids)
              + " are all event source ids: annotate the event source with @Key, implement"
              + " CanProvideEventSourceId, or let handle() return EventForEventSourceId or Handled");
    }
    return Optional.empty();
  }

  private static List<String> names(List<RecordComponent> components) {
    return components.stream().map(RecordComponent::getName).toList();
  }

  private static boolean isKeyType(Class<?> type) {
    return KEY_TYPES.contains(type) || type.isEnum() || EventSourceId.class.isAssignableFrom(type);
  }

  private Component component(RecordComponent component) {
    return new Component(component.getName(), handle(component.getAccessor(), 1));
  }

  // ---- one execution ----

  Class<?> type() {
    return type;
  }

  String sourceType() {
    return sourceType;
  }

  String streamType() {
    return streamType;
  }

  /** Whether there is a declared scope, and so a boundary. */
  boolean scoped() {
    return sourceTypeFlagged || streamTypeFlagged || streamIdFlagged || sourceFlagged;
  }

  boolean returnsNothing() {
    return returnsNothing;
  }

  /**
   * The stream id; empty = none.
   *
   * @throws CommandFailedException if it is flagged and resolves to nothing
   */
  String streamId(Object command) {
    if (!providesStreamId) {
      return constantStreamId;
    }
    String id = ((CanProvideEventStreamId) command).eventStreamId();
    if (id == null || id.isEmpty()) {
      if (streamIdFlagged) {
        throw failed(
            "its stream id is flagged for the concurrency scope, and eventStreamId() gave none",
            null);
      }
      return "";
    }
    return id;
  }

  /**
   * The event source as the command names it; empty = it does not.
   *
   * @throws CommandFailedException if it should and gives null or an empty id
   */
  Optional<EventSourceId> source(Object command) {
    if (providesSource) {
      EventSourceId id = ((CanProvideEventSourceId) command).eventSourceId();
      if (id == null) {
        throw failed("eventSourceId() gave null", null);
      }
      return Optional.of(id);
    }
    if (sourceComponent.isEmpty()) {
      return Optional.empty();
    }
    Component component = sourceComponent.get();
    Object value;
    try {
      value = component.accessor().invokeExact(command);
    } catch (RuntimeException | Error unchecked) {
      throw unchecked;
    } catch (Throwable checked) {
      throw failed("its component " + component.name() + " cannot be read", checked);
    }
    if (value == null) {
      throw failed("its event source, the component " + component.name() + ", is null", null);
    }
    if (value instanceof EventSourceId id) {
      return Optional.of(id);
    }
    String text = value instanceof Enum<?> constant ? constant.name() : value.toString();
    if (text.isEmpty()) {
      throw failed("its event source, the component " + component.name() + ", is empty", null);
    }
    return Optional.of(EventSourceId.of(text));
  }

  /** Calls {@code handle()}. Unchecked exceptions come through; null is what void gives. */
  @Nullable Object handle(Object command, Decision decision) {
    try {
      return takesDecision
          ? handle.invokeExact(command, (Object) decision)
          : handle.invokeExact(command);
    } catch (RuntimeException | Error unchecked) {
      throw unchecked;
    } catch (Throwable checked) {
      throw failed("handle() threw " + checked, checked);
    }
  }

  /**
   * Adds the declared scope: one filter item, in which every flagged label must match, or, if the
   * source is flagged, one such item for each source.
   */
  void addScope(Checks checks, String streamId, Collection<String> sources, long after) {
    if (!scoped()) {
      return;
    }
    if (constantScope.isPresent()) {
      checks.scope(constantScope.get(), after);
      return;
    }
    if (!sourceFlagged) {
      scope(streamId, List.of()).ifPresent(filter -> checks.scope(filter, after));
      return;
    }
    List<String> all = List.copyOf(sources);
    for (int from = 0; from < all.size(); from += MAX_FILTER_ITEMS) {
      List<String> some = all.subList(from, Math.min(all.size(), from + MAX_FILTER_ITEMS));
      scope(streamId, some).ifPresent(filter -> checks.scope(filter, after));
    }
    if (all.isEmpty()) {
      scope(streamId, List.of()).ifPresent(filter -> checks.scope(filter, after));
    }
  }

  private Optional<Filter> scope(String streamId, List<String> sources) {
    FilterItem.Builder tags = FilterItem.builder();
    if (sourceTypeFlagged) {
      tags.sourceType(sourceType);
    }
    if (streamTypeFlagged) {
      tags.streamType(streamType);
    }
    if (streamIdFlagged) {
      tags.streamId(streamId);
    }
    if (sources.isEmpty()) {
      return sourceTypeFlagged || streamTypeFlagged || streamIdFlagged
          ? Optional.of(Filter.anyOf(tags.build()))
          : Optional.empty();
    }
    return Optional.of(
        new Filter(sources.stream().map(source -> tags.source(source).build()).toList()));
  }

  CommandFailedException failed(String failure, @Nullable Throwable cause) {
    return new CommandFailedException(type, failure, cause);
  }
}
