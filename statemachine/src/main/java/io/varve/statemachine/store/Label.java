package io.varve.statemachine.store;

import io.varve.statemachine.condition.LabelKind;

/** A label's name. */
record Label(LabelKind kind, String value) {}
