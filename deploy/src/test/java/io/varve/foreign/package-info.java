/** Tests of clients that are not written in Java. */
@NullMarked
package io.varve.foreign;

import org.jspecify.annotations.NullMarked;
