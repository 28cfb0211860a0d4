/**
 * What the log promises, written as plainly as possible, and the tests that hold the core to it:
 * the model ({@link io.varve.statemachine.model.LogModel}), the properties that compare it with the
 * core over generated histories, and the transcripts a newcomer reads first.
 */
@NullMarked
package io.varve.statemachine.model;

import org.jspecify.annotations.NullMarked;
