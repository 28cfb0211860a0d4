package io.varve.node;

import com.google.protobuf.ByteString;
import io.varve.node.cluster.Conditions;
import io.varve.node.cluster.Replicator;
import io.varve.proto.replicated.v1.Command;
import io.varve.proto.replicated.v1.Founding;
import io.varve.statemachine.LogCore;
import io.varve.statemachine.LogReader;
import io.varve.statemachine.Outcome;
import io.varve.statemachine.StoreOptions;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A Raft group of one, without Raft: a real core, applied by one thread. A test decides who leads,
 * holds entries back, and loses answers.
 */
public final class LocalReplicator implements Replicator, AutoCloseable {

  /** What becomes of an entry. */
  public enum Fate {
    /** It is applied, and answered. */
    APPLIED,
    /** It is applied, but its answer is lost. */
    APPLIED_UNANSWERED,
    /** It is lost, and nobody is told for certain. */
    LOST,
    /** It is refused. */
    REFUSED
  }

  public static final ByteString LOG_IDENTITY = ByteString.copyFromUtf8("log-identity-016");

  private final LogCore core;
  private final ExecutorService apply = Executors.newSingleThreadExecutor();
  private final Queue<Fate> fates = new ArrayDeque<>();
  private final List<Runnable> headListeners = new CopyOnWriteArrayList<>();
  private final Semaphore gate = new Semaphore(Integer.MAX_VALUE / 2);
  private final AtomicInteger handedOver = new AtomicInteger();
  private volatile boolean leads = true;
  private volatile Optional<String> leader = Optional.of("n1");
  private volatile boolean majority = true;
  private long index = 1;

  public LocalReplicator(Path directory, long dedupWindow) {
    core = LogCore.open(directory, StoreOptions.defaults());
    core.apply(
        1,
        1,
        Command.newBuilder()
            .setFormat(1)
            .setFounding(
                Founding.newBuilder()
                    .setLogIdentity(LOG_IDENTITY)
                    .setLog("default")
                    .setDedupWindow(dedupWindow)
                    .setScopeStepLimit(1_000))
            .build()
            .toByteString());
  }

  public LogReader reader() {
    return core.reader();
  }

  public void onHeadMoved(Runnable listener) {
    headListeners.add(listener);
  }

  /** Who leads from now on, as this node sees it. */
  public void setLeader(Optional<String> id) {
    leader = id;
    leads = id.filter("n1"::equals).isPresent();
  }

  /** Whether read indexes are confirmed. */
  public void setMajority(boolean reached) {
    majority = reached;
  }

  /** What becomes of the next entries, one after the other; those behind them are applied. */
  public void nextFates(Fate... next) {
    synchronized (fates) {
      fates.addAll(List.of(next));
    }
  }

  /** How many entries were handed over. */
  public int handedOver() {
    return handedOver.get();
  }

  /** Holds back whatever is handed over from now on. */
  public void hold() {
    gate.acquireUninterruptibly(Integer.MAX_VALUE / 2);
  }

  /** Ends a {@link #hold()}. */
  public void release() {
    gate.release(Integer.MAX_VALUE / 2);
  }

  @Override
  public boolean leads() {
    return leads;
  }

  @Override
  public Optional<String> leader() {
    return leader;
  }

  @Override
  public CompletableFuture<List<Outcome>> replicate(Command command) {
    Fate fate;
    synchronized (fates) {
      fate = fates.isEmpty() ? Fate.APPLIED : fates.remove();
    }
    handedOver.incrementAndGet();
    CompletableFuture<List<Outcome>> answer = new CompletableFuture<>();
    apply.execute(
        () -> {
          gate.acquireUninterruptibly();
          gate.release();
          replicate(command, fate, answer);
        });
    return answer;
  }

  private void replicate(Command command, Fate fate, CompletableFuture<List<Outcome>> answer) {
    if (fate == Fate.REFUSED) {
      answer.completeExceptionally(new NotAppendedException("refused by the test"));
      return;
    }
    if (fate == Fate.LOST) {
      answer.completeExceptionally(new OutcomeUnknownException("lost", new RuntimeException()));
      return;
    }
    index++;
    List<Outcome> outcomes = core.apply(1, index, command.toByteString());
    headListeners.forEach(Runnable::run);
    if (fate == Fate.APPLIED) {
      answer.complete(outcomes);
    } else {
      answer.completeExceptionally(
          new OutcomeUnknownException("the answer was lost", new RuntimeException()));
    }
  }

  @Override
  public CompletableFuture<Void> readBarrier() {
    if (!majority) {
      return CompletableFuture.failedFuture(new NotAppendedException("no majority"));
    }
    // Behind everything handed over before it.
    return CompletableFuture.runAsync(
        () -> {
          gate.acquireUninterruptibly();
          gate.release();
        },
        apply);
  }

  @Override
  public void announceCommit() {}

  @Override
  public void close() {
    apply.shutdown();
    try {
      if (!apply.awaitTermination(Conditions.PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new AssertionError("the apply thread does not end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    core.close();
  }
}
