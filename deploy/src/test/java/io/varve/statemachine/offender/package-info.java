/** Classes that break the core's rules on purpose, so that the architecture test has convicted. */
@NullMarked
package io.varve.statemachine.offender;

import org.jspecify.annotations.NullMarked;
