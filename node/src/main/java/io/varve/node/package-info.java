/** A Varve server process: its start, its stop and its configuration. */
@NullMarked
package io.varve.node;

import org.jspecify.annotations.NullMarked;
