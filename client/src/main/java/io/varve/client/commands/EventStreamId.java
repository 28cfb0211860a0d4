package io.varve.client.commands;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Labels every event of a command with a stream id. One that is known only at run time is given by
 * {@link CanProvideEventStreamId}; the value is left empty then.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface EventStreamId {

  /**
   * The stream id, 1 to 512 bytes of UTF-8; empty = {@link CanProvideEventStreamId} gives it. Both
   * is an {@link AmbiguousEventStreamIdException}.
   */
  String value() default "";

  /** Whether the stream id joins the concurrency scope. */
  boolean concurrency() default false;
}
