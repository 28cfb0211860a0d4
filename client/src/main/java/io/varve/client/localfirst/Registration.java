package io.varve.client.localfirst;

/** A listener that is registered. Thread-safe. */
@FunctionalInterface
public interface Registration extends AutoCloseable {

  /** No call starts after this; one under way runs to its end. Idempotent. */
  @Override
  void close();
}
