/**
 * The deterministic core of Varve: {@code apply(command) → outcome}.
 *
 * <p>Nothing here reads a clock, a random source, a locale, the environment or a file it does not
 * own, and nothing knows of Ratis or gRPC. Given the same commands in the same order, every node
 * holds the same state and gives the same outcomes.
 */
@NullMarked
package io.varve.statemachine;

import org.jspecify.annotations.NullMarked;
