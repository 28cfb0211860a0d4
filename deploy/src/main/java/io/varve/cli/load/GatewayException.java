package io.varve.cli.load;

/** A gateway that cannot be put under load: it does not answer, or does not let us in. */
public final class GatewayException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final boolean answered;

  private GatewayException(String message, boolean answered) {
    super(message);
    this.answered = answered;
  }

  /** It said no. */
  static GatewayException refused(String message) {
    return new GatewayException(message, true);
  }

  /** It said nothing. */
  static GatewayException unavailable(String message) {
    return new GatewayException(message, false);
  }

  /** Whether the gateway answered at all. */
  public boolean answered() {
    return answered;
  }
}
