package io.varve.client.localfirst;

import io.varve.client.NewEvent;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * An event source as this buffer shows it: what was pulled of it, with the buffer's own events on
 * top until they come back from the log. Reads never touch the network. Thread-safe.
 *
 * @param <S> the state's type
 */
public final class LocalSource<S> implements AutoCloseable {

  private final LocalBuffer buffer;
  private final SourceState<S> state;
  private final List<Consumer<? super LocalView<S>>> listeners = new CopyOnWriteArrayList<>();
  private final AtomicBoolean notifying = new AtomicBoolean();
  private final CompletableFuture<Void> caughtUp = new CompletableFuture<>();

  LocalSource(LocalBuffer buffer, SourceState<S> state) {
    this.buffer = buffer;
    this.state = state;
  }

  /** The source's name. */
  public String name() {
    return state.name();
  }

  /** Starts an event of this source. */
  public NewEvent.Builder event(String type) {
    return NewEvent.builder(name(), type);
  }

  /**
   * Appends an event: when this returns it is on disk, under its number, and will be pushed however
   * often the process is killed. Works offline.
   *
   * @param event an event of this source; at most 5 MiB as JSON here, and the log's own limits
   *     where it lands
   * @return its number in the buffer, from 1
   * @throws IllegalArgumentException if it is another source's event, or larger
   * @throws io.varve.client.OverloadedException if too many events have not landed yet
   * @throws io.varve.client.ClientClosedException if the buffer was closed
   * @throws LocalBufferException if the file cannot be written
   */
  public long append(NewEvent event) {
    requireOwn(event);
    return buffer.append(event);
  }

  /**
   * Like {@link #append}, without waiting: the future completes when the event is on disk. Many at
   * a time share what the disk costs.
   *
   * @return fails with what {@link #append} throws
   */
  public CompletableFuture<Long> appendAsync(NewEvent event) {
    requireOwn(event);
    return buffer.appendAsync(event);
  }

  private void requireOwn(NewEvent event) {
    if (!event.source().equals(name())) {
      throw new IllegalArgumentException(
          "event.source: '" + event.source() + "' is not this source, '" + name() + "'");
    }
  }

  /**
   * The state here and now, the buffer's own events included. What the application's own reduce
   * function throws for one of those is thrown here.
   *
   * @throws LocalBufferException if the function has failed for an event of the log; nothing more
   *     is folded then, until the source is opened again
   */
  public S state() {
    return view().state();
  }

  /** The state with how fresh it is, all of one moment; throws what {@link #state} does. */
  public LocalView<S> view() {
    return state.view();
  }

  /** How many of this source's own events have not landed yet. */
  public int pending() {
    return view().pending();
  }

  /**
   * Completes when the source has been pulled up to the head once since it was opened; fails with
   * {@link io.varve.client.ClientClosedException} if it is closed before.
   */
  public CompletableFuture<Void> caughtUp() {
    return caughtUp.copy();
  }

  /**
   * Calls a listener with the newest view after changes, one call at a time, on the buffer's
   * listener executor. Changes that come while it is busy are told together.
   */
  public Registration onChange(Consumer<? super LocalView<S>> listener) {
    // A wrapper, so that a listener registered twice is removed once.
    Consumer<LocalView<S>> own = listener::accept;
    listeners.add(own);
    return () -> listeners.remove(own);
  }

  /**
   * Stops following the source. What is kept of it stays in the file, and its own events are pushed
   * all the same. Idempotent.
   */
  @Override
  public void close() {
    buffer.close(this);
  }

  SourceState<S> sourceState() {
    return state;
  }

  /** Called after a commit. */
  void changed() {
    if (state.caughtUp()) {
      caughtUp.complete(null);
    }
    if (!listeners.isEmpty() && notifying.compareAndSet(false, true)) {
      buffer.tell(this::tellListeners);
    }
  }

  void closed(RuntimeException reason) {
    listeners.clear();
    caughtUp.completeExceptionally(reason);
  }

  private void tellListeners() {
    notifying.set(false);
    LocalView<S> view = view();
    listeners.forEach(listener -> listener.accept(view));
  }
}
