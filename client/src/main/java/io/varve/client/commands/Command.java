package io.varve.client.commands;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks a record as a command. It has one method {@code handle()}, or {@code handle(Decision)},
 * that returns the events to append; {@link Commands} says what it may return, and how the event
 * source is found.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface Command {

  /**
   * Whether the event source joins the concurrency scope: then the scope names, besides the flagged
   * tags, the source the events are appended to (each of them, if there are several).
   */
  boolean sourceConcurrency() default false;
}
