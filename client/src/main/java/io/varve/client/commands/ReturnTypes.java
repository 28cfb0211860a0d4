package io.varve.client.commands;

import io.varve.client.serialization.EventTypes;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.WildcardType;
import java.util.Optional;
import java.util.stream.BaseStream;
import java.util.stream.Stream;

/** What a {@code handle()} method's declared return type tells before it is ever called. */
final class ReturnTypes {

  private final Class<?> command;
  private final EventTypes types;

  ReturnTypes(Class<?> command, EventTypes types) {
    this.command = command;
    this.types = types;
  }

  /**
   * Refuses a type of which no value can be appended.
   *
   * @throws CommandDeclarationException naming the type and the fix
   */
  void check(Type type) {
    if (type instanceof Class<?> plain) {
      check(plain);
    } else if (type instanceof GenericArrayType array) {
      check(array.getGenericComponentType());
    } else if (type instanceof WildcardType wildcard) {
      for (Type bound : wildcard.getUpperBounds()) {
        check(bound);
      }
    } else if (type instanceof ParameterizedType parameterized) {
      Class<?> raw = (Class<?>) parameterized.getRawType();
      if (!isContainer(raw)) {
        check(raw);
      } else if (parameterized.getActualTypeArguments().length == 1) {
        check(parameterized.getActualTypeArguments()[0]);
      }
    }
  }

  private void check(Class<?> type) {
    if (type == void.class || type == Void.class || type == Object.class) {
      return;
    }
    if (type.isArray() && !type.getComponentType().isPrimitive()) {
      check(type.getComponentType());
      return;
    }
    if (isContainer(type) || isOwn(type)) {
      return;
    }
    if (type.isSealed()) {
      for (Class<?> permitted : type.getPermittedSubclasses()) {
        check(permitted);
      }
      return;
    }
    boolean concrete =
        type.isPrimitive()
            || type.isArray()
            || !(type.isInterface() || Modifier.isAbstract(type.getModifiers()));
    if (!concrete || isUnannotatedBaseClass(type)) {
      return; // its values' own classes decide
    }
    try {
      types.idOf(type);
    } catch (IllegalArgumentException noEvent) {
      throw new CommandDeclarationException(
          command, "handle() returns " + type.getName() + ": " + noEvent.getMessage());
    }
  }

  private static boolean isUnannotatedBaseClass(Class<?> type) {
    return !Modifier.isFinal(type.getModifiers()) && !type.isAnnotationPresent(EventType.class);
  }

  /** Whether every value says of itself to which source it goes. */
  boolean namesSources(Type type) {
    if (type instanceof Class<?> plain) {
      return plain == Handled.class
          || plain == EventForEventSourceId.class
          || plain == void.class
          || Rejection.class.isAssignableFrom(plain)
          || (plain.isArray() && namesSources(plain.getComponentType()));
    }
    if (type instanceof WildcardType wildcard) {
      return namesSources(wildcard.getUpperBounds()[0]);
    }
    return type instanceof ParameterizedType parameterized
        && isContainer((Class<?>) parameterized.getRawType())
        && parameterized.getActualTypeArguments().length == 1
        && namesSources(parameterized.getActualTypeArguments()[0]);
  }

  /** An event may be iterable, too; then it is an event. */
  private static boolean isContainer(Class<?> type) {
    return !type.isAnnotationPresent(EventType.class)
        && (Iterable.class.isAssignableFrom(type)
            || BaseStream.class.isAssignableFrom(type)
            || Stream.class == type
            || Optional.class == type);
  }

  private static boolean isOwn(Class<?> type) {
    return type == Handled.class
        || type == EventForEventSourceId.class
        || Rejection.class.isAssignableFrom(type);
  }
}
