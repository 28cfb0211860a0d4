/**
 * The demonstration: three nodes in one process, histories to fill them with, and the play that
 * shows what Varve promises and checks that it held.
 */
@NullMarked
package io.varve.cli.demo;

import org.jspecify.annotations.NullMarked;
