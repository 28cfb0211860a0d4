/** Tests of the command line, most of them against a cluster of three nodes in this process. */
@NullMarked
package io.varve.cli;

import org.jspecify.annotations.NullMarked;
