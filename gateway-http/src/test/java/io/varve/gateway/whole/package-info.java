/**
 * Whole gateways before real nodes, with clients that are up to no good, and with those that are.
 */
@NullMarked
package io.varve.gateway.whole;

import org.jspecify.annotations.NullMarked;
