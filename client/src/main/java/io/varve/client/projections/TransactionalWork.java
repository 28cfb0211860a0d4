package io.varve.client.projections;

/**
 * What a store does inside the transaction of a commit.
 *
 * @param <T> the transaction
 */
@FunctionalInterface
public interface TransactionalWork<T> {

  /**
   * Does it.
   *
   * @throws Exception whatever kept it from being done: the transaction is rolled back, and the
   *     store throws the same exception on
   */
  void run(T transaction) throws Exception;
}
