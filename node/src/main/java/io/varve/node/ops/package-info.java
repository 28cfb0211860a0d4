/** What operators look at: health, the admin port, and what the metrics say of the process. */
@NullMarked
package io.varve.node.ops;

import org.jspecify.annotations.NullMarked;
