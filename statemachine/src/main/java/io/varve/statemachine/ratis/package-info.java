/**
 * The thin adapter between Ratis and the core: hands committed entries to the core in log order on
 * Ratis's apply thread, and its snapshots to Ratis. The only package of this module that imports
 * Ratis; it decides nothing.
 */
@NullMarked
package io.varve.statemachine.ratis;

import org.jspecify.annotations.NullMarked;
