/** Tests of who a client is. */
@NullMarked
package io.varve.gateway.identity;

import org.jspecify.annotations.NullMarked;
