/**
 * Events as objects: which class stands for which event type ({@link
 * io.varve.client.serialization.EventTypes}), how an object becomes a payload ({@link
 * io.varve.client.serialization.EventSerializer}, JSON unless told otherwise), and both together
 * ({@link io.varve.client.serialization.EventCodec}).
 */
@NullMarked
package io.varve.client.serialization;

import org.jspecify.annotations.NullMarked;
