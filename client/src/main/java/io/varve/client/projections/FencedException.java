package io.varve.client.projections;

/**
 * The partition has another owner by now, or its checkpoint is not where this owner left it.
 * Nothing was stored, and nothing of the transaction remains.
 */
public final class FencedException extends ProjectionException {
  private static final long serialVersionUID = 1L;

  /**
   * Implementations of stores make them.
   *
   * @param message for people
   */
  public FencedException(String message) {
    super(message);
  }
}
