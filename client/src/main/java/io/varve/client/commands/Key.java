package io.varve.client.commands;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks the component of a command that identifies its event source: a {@link String}, a {@link
 * java.util.UUID}, a whole number, an enum, or, where there are several, one of its {@link
 * EventSourceId}s.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Key {}
