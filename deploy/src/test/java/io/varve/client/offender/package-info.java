/**
 * Classes that break the client's rules on purpose, so that the architecture test has convicted.
 */
@NullMarked
package io.varve.client.offender;

import org.jspecify.annotations.NullMarked;
