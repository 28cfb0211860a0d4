package io.varve.client;

import java.util.Iterator;
import java.util.stream.Stream;

/**
 * A listing that is fetched page by page as it is consumed: however long it is, at most two pages
 * are in memory.
 *
 * <p>To be consumed once, by one thread at a time, and closed (best by try-with-resources); it
 * closes itself after its last entry. Iterating throws a {@link VarveException} when a page is
 * refused or does not come within its deadline, and {@link IllegalStateException} after {@link
 * #close()}.
 *
 * @param <T> what is listed
 */
public interface Paged<T> extends Iterable<T>, AutoCloseable {

  /**
   * The entries.
   *
   * @throws IllegalStateException if {@code iterator()} or {@code stream()} was called before
   */
  @Override
  Iterator<T> iterator();

  /**
   * The entries as a sequential, ordered stream; closing it closes this.
   *
   * @throws IllegalStateException if {@code iterator()} or {@code stream()} was called before
   */
  Stream<T> stream();

  /**
   * The head the first page was answered at; no page is older. Waits for the first page.
   *
   * @throws VarveException if it was refused or does not come within its deadline
   */
  long asOf();

  /** Ends it and frees what it holds. Idempotent; may be called from any thread. */
  @Override
  void close();
}
