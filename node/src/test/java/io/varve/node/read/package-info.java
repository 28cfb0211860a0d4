/** Tests of reads and subscriptions against sinks whose pace the test sets. */
@NullMarked
package io.varve.node.read;

import org.jspecify.annotations.NullMarked;
