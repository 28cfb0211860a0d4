/**
 * The {@code varve} command line: one class per command.
 *
 * <p>Commands speak to a cluster through the Java client only. Results go to standard output, for
 * people or, with {@code --json}, one JSON object a line; what went wrong goes to standard error;
 * the exit code says how it ended ({@link io.varve.cli.ExitCode}).
 */
@NullMarked
package io.varve.cli;

import org.jspecify.annotations.NullMarked;
