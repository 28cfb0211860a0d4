package io.varve.client.internal;

import io.varve.client.ClientClosedException;
import io.varve.client.Paged;
import io.varve.client.UnavailableException;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * A paged listing, consumed by waiting: the next page is fetched while one is consumed, so that at
 * most two are in memory.
 *
 * @param <O> what a page is asked for with
 * @param <T> what is listed
 */
final class Pages<O, T> implements Paged<T> {

  /**
   * One page.
   *
   * @param asOf the head it was answered at
   * @param next what to ask for the next one; empty = this is the last
   */
  record Page<O, T>(List<T> entries, long asOf, Optional<O> next) {}

  private final Function<O, CompletableFuture<Page<O, T>>> fetch;
  private final Transport transport;
  private final Consumer<AutoCloseable> whenClosed;
  private final CompletableFuture<Page<O, T>> first;

  private boolean taken;
  private volatile boolean closed;

  /** The page being fetched, or that came and is not consumed yet. */
  private volatile CompletableFuture<Page<O, T>> coming;

  /**
   * A listing; asks for its first page.
   *
   * @param fetch asks for a page; the future has a deadline of its own
   * @param whenClosed told once it is over
   */
  Pages(
      O options,
      Function<O, CompletableFuture<Page<O, T>>> fetch,
      Transport transport,
      Consumer<AutoCloseable> whenClosed) {
    this.fetch = fetch;
    this.transport = transport;
    this.whenClosed = whenClosed;
    this.first = fetch.apply(options);
    this.coming = first;
  }

  @Override
  public Iterator<T> iterator() {
    if (taken) {
      throw new IllegalStateException("a listing can be consumed only once");
    }
    taken = true;
    return new Entries();
  }

  @Override
  public Stream<T> stream() {
    return StreamSupport.stream(
            Spliterators.spliteratorUnknownSize(
                iterator(), Spliterator.ORDERED | Spliterator.NONNULL),
            false)
        .onClose(this::close);
  }

  @Override
  public long asOf() {
    return await(first).asOf();
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      whenClosed.accept(this);
      coming.completeExceptionally(new ClientClosedException("the listing was closed"));
    }
  }

  private Page<O, T> await(CompletableFuture<Page<O, T>> page) {
    transport.requireMayWait();
    try {
      return Waiting.await(page);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new UnavailableException("interrupted while waiting for a page", interrupted);
    }
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the listing was closed");
    }
  }

  private final class Entries implements Iterator<T> {
    private Iterator<T> page = List.<T>of().iterator();
    private boolean last;

    @Override
    public boolean hasNext() {
      if (!last) {
        requireOpen();
      }
      while (!page.hasNext() && !last) {
        turn();
      }
      return page.hasNext();
    }

    /** Takes the page that came, and asks for the one after it. */
    private void turn() {
      Page<O, T> came;
      try {
        came = await(coming);
      } catch (RuntimeException failed) {
        requireOpen();
        close();
        throw failed;
      }
      page = came.entries().iterator();
      if (came.next().isPresent()) {
        coming = fetch.apply(came.next().get());
      } else {
        last = true;
        close();
      }
    }

    @Override
    public T next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      return page.next();
    }
  }
}
