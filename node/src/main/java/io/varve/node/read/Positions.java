package io.varve.node.read;

import io.varve.node.wire.ErrorException;
import io.varve.node.wire.Errors;

/** Checks numbers of a request. */
final class Positions {

  private Positions() {}

  /** A position, version or count as a request gave it: an unsigned number that must fit. */
  static long checked(long value, String field) {
    if (value < 0) {
      throw new ErrorException(
          Errors.invalid(
              field,
              field
                  + " is "
                  + Long.toUnsignedString(value)
                  + "; the largest is "
                  + Long.MAX_VALUE));
    }
    return value;
  }
}
