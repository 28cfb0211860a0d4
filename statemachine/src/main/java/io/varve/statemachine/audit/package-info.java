/**
 * Checks a store's records and indexes against each other. Trusts no code that writes them: it
 * reads rows as they stand, and computes the chain hash from its specification.
 *
 * <p>Internal to the state machine; {@link io.varve.statemachine.StoreAudit} is its surface.
 */
@NullMarked
package io.varve.statemachine.audit;

import org.jspecify.annotations.NullMarked;
