package io.varve.client.localfirst;

import io.varve.client.ClientClosedException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The one thread that changes the file and what is kept in memory of it. Whatever has queued while
 * the last commit was under way is done together and committed together: the more there is to do,
 * the fewer syncs an event costs. It is never interrupted. Thread-safe.
 */
final class StoreThread {

  /** How many tasks share a commit at most: bounds what one commit writes. */
  private static final int BATCH = 1_024;

  private final BufferStore store;
  private final Runnable afterCommit;
  private final Consumer<LocalBufferException> onFailure;
  private final Thread thread;
  // Bounded by who submits: appends up to the buffer's limit, and one task of each loop.
  private final LinkedBlockingQueue<Task<?>> tasks = new LinkedBlockingQueue<>();
  private final ReentrantLock submitting = new ReentrantLock();
  private boolean closing;
  private volatile @Nullable LocalBufferException failure;

  StoreThread(
      String name,
      BufferStore store,
      Runnable afterCommit,
      Consumer<LocalBufferException> onFailure) {
    this.store = store;
    this.afterCommit = afterCommit;
    this.onFailure = onFailure;
    this.thread = new Thread(this::run, name);
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /** Whether the caller is this thread, which must not wait for itself. */
  boolean isCurrent() {
    return Thread.currentThread() == thread;
  }

  /**
   * Runs something and commits what it changed before the future completes.
   *
   * @param durable whether the commit must be on disk by then
   * @param work changes nothing if it throws
   */
  <T> CompletableFuture<T> submit(boolean durable, Supplier<T> work) {
    Task<T> task = new Task<>(durable, work, new CompletableFuture<>());
    submitting.lock();
    try {
      if (closing) {
        task.future.completeExceptionally(new ClientClosedException("the buffer was closed"));
      } else {
        tasks.add(task);
      }
    } finally {
      submitting.unlock();
    }
    return task.future;
  }

  /** Finishes what was submitted, closes the file, and waits for that. Idempotent. */
  void close() {
    submitting.lock();
    try {
      if (!closing) {
        closing = true;
        tasks.add(new Task<>(false, () -> true, new CompletableFuture<>()));
      }
    } finally {
      submitting.unlock();
    }
    boolean interrupted = false;
    while (!isCurrent()) {
      try {
        thread.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    List<Task<?>> batch = new ArrayList<>();
    try {
      while (!over() || !tasks.isEmpty()) {
        batch.clear();
        batch.add(tasks.take());
        tasks.drainTo(batch, BATCH - 1);
        perform(batch);
      }
    } catch (InterruptedException e) {
      throw new AssertionError("nobody interrupts this thread", e);
    } finally {
      store.close();
    }
  }

  private boolean over() {
    submitting.lock();
    try {
      return closing;
    } finally {
      submitting.unlock();
    }
  }

  private void perform(List<Task<?>> batch) {
    LocalBufferException broken = failure;
    if (broken == null) {
      boolean durable = false;
      try {
        for (Task<?> task : batch) {
          task.perform();
          durable |= task.durable;
        }
        store.commit(durable);
      } catch (LocalBufferException e) {
        broken = e;
      } catch (RuntimeException e) {
        // MVStore's, or a mistake of ours: what is in memory may not be what is in the file.
        broken = new LocalBufferException("the buffer's file failed: " + e.getMessage(), e);
      }
    }
    if (broken == null) {
      batch.forEach(Task::complete);
      afterCommit.run();
      return;
    }
    LocalBufferException refusal =
        new LocalBufferException(
            broken.getMessage() + ". Close the buffer, mend that, and open it again", broken);
    batch.forEach(task -> task.future.completeExceptionally(refusal));
    if (failure == null) {
      failure = broken;
      onFailure.accept(broken);
    }
  }

  private static final class Task<T> {
    private final boolean durable;
    private final Supplier<T> work;
    private final CompletableFuture<T> future;
    private @Nullable T result;
    private @Nullable RefusedException refusal;

    Task(boolean durable, Supplier<T> work, CompletableFuture<T> future) {
      this.durable = durable;
      this.work = work;
      this.future = future;
    }

    void perform() {
      try {
        result = work.get();
      } catch (RefusedException e) {
        refusal = e;
      }
    }

    void complete() {
      if (refusal != null) {
        future.completeExceptionally(refusal.toThrow());
      } else {
        future.complete(result);
      }
    }
  }

  /** What a task throws that has changed nothing: only its own caller is told. */
  static final class RefusedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final RuntimeException toThrow;

    RefusedException(RuntimeException toThrow) {
      super(toThrow);
      this.toThrow = toThrow;
    }

    RuntimeException toThrow() {
      return toThrow;
    }
  }
}
