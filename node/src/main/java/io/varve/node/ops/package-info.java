/** What operators look at. For now: health. */
@NullMarked
package io.varve.node.ops;

import org.jspecify.annotations.NullMarked;
