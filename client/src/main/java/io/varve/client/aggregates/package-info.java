/**
 * Aggregates: one source's events folded into a state, and decisions on that state appended under
 * the condition that nobody else appended meanwhile.
 */
@NullMarked
package io.varve.client.aggregates;

import org.jspecify.annotations.NullMarked;
