/**
 * Model-bound commands: a command is a record with a {@code handle()} method that returns the
 * events to append; annotations say how they are labelled and what the append is checked against.
 */
@NullMarked
package io.varve.client.commands;

import org.jspecify.annotations.NullMarked;
