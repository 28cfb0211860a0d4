package io.varve.client.projections;

/** What a store that has no transaction to offer hands to handlers. Has no instances but one. */
public enum NoTransaction {
  /** The only one. */
  INSTANCE
}
