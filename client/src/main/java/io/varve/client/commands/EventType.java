package io.varve.client.commands;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Names the event type of a class of events, so that renaming the class does not change what is in
 * the log.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface EventType {

  /** The event type, 1 to 512 bytes of UTF-8. Empty = the class's simple name. */
  String value() default "";

  /**
   * Which generation of the event type the class is; at least 1. Raise it when the shape changes in
   * a way that old events cannot be read as the new class, and register an upcaster ({@link
   * io.varve.client.serialization.EventTypes.Builder#upcast}).
   */
  int generation() default 1;
}
