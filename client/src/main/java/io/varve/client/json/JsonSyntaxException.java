package io.varve.client.json;

/** Text that is not the JSON it should be. The message says what is wrong, for people. */
public final class JsonSyntaxException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  JsonSyntaxException(String message) {
    super(message);
  }
}
