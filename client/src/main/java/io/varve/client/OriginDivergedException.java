package io.varve.client;

/**
 * A number of this origin was used for another event: two buffers share one name, or an event was
 * changed after it was sent. This attempt appended nothing, and repeating it will not fare better.
 */
public final class OriginDivergedException extends VarveException {
  private static final long serialVersionUID = 1L;

  /**
   * Tests of applications may make their own.
   *
   * @param message for people
   * @param field the first event or void of the request that differs; empty when it is not said
   */
  public OriginDivergedException(String message, String field) {
    super(ErrorCode.ORIGIN_DIVERGED, message, field, null);
  }
}
