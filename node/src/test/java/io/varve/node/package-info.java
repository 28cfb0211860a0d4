/** Tests of the node as a whole, and what they are built from. */
@NullMarked
package io.varve.node;

import org.jspecify.annotations.NullMarked;
