/** Many appends at once: the importers' ordered appends, and the load generator behind bench. */
@NullMarked
package io.varve.cli.load;

import org.jspecify.annotations.NullMarked;
