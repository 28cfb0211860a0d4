package io.varve.client.commands;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** Labels every event of a command with a stream type, such as {@code Transactions}. */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface EventStreamType {

  /** The stream type, 1 to 512 bytes of UTF-8. */
  String value();

  /** Whether the stream type joins the concurrency scope. */
  boolean concurrency() default false;
}
