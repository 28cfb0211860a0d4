/**
 * Conditions: expected versions, concurrency scopes and the filters they are made of.
 *
 * <p>Plain single-threaded Java over two small ports, {@link
 * io.varve.statemachine.condition.LogView} and {@link io.varve.statemachine.condition.LogIndex};
 * nothing here knows how the log is stored. What is decided, and how many steps deciding takes,
 * depends on the log alone and never on what happens to be cached.
 */
@NullMarked
package io.varve.statemachine.condition;

import org.jspecify.annotations.NullMarked;
