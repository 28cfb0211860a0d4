/**
 * Append ids: each remembered for a window of positions, so that a retry is answered with the
 * original answer and never writes twice.
 */
@NullMarked
package io.varve.statemachine.dedup;

import org.jspecify.annotations.NullMarked;
