package io.varve.client.serialization;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The stable name of one of the permitted classes of a sealed type, where it occurs within an
 * event. {@link JsonEventSerializer} writes it as the property {@code @type}. A class with {@link
 * io.varve.client.commands.EventType} has a name already.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface TypeName {

  /** The name; not empty, and unique within the sealed type. */
  String value();
}
