/** Errors as the gateway answers them: problem details after RFC 9457. */
@NullMarked
package io.varve.gateway.problem;

import org.jspecify.annotations.NullMarked;
