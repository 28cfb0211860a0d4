/** Who a client is and what it may do: challenges, tokens, grants. */
@NullMarked
package io.varve.gateway.identity;

import org.jspecify.annotations.NullMarked;
