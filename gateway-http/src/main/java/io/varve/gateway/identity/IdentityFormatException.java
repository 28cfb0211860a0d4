package io.varve.gateway.identity;

import java.util.Objects;

/**
 * A key, a record or a file of keys that is not what it must be. The message says what is wrong and
 * where, for people.
 */
public final class IdentityFormatException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final String field;

  IdentityFormatException(String field, String message) {
    super(message);
    this.field = Objects.requireNonNull(field, "field");
  }

  /** The JSON field at fault; empty when it is the whole. */
  public String field() {
    return field;
  }
}
