/**
 * The core's values as messages of the API: outcomes, events, times and errors. Every room of the
 * node answers in these.
 */
@NullMarked
package io.varve.node.wire;

import org.jspecify.annotations.NullMarked;
