package io.varve.gateway.cluster;

import io.varve.client.LogIdentityMismatchException;
import io.varve.client.ReadConsistency;
import io.varve.client.VarveClient;
import io.varve.gateway.problem.Problem;
import io.varve.gateway.problem.ProblemCode;
import io.varve.gateway.problem.ProblemException;
import io.varve.gateway.problem.Problems;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The cluster behind the gateway. A client of it speaks to one log identity for as long as it
 * lives; when the cluster turns out to have another one (it was restored or replaced), a new client
 * takes its place, so that nothing that began with one history ends with another. Thread-safe.
 */
public final class Cluster implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Cluster.class);

  private final Supplier<VarveClient> clients;
  private final List<Runnable> replaced = new CopyOnWriteArrayList<>();
  private VarveClient client;
  private boolean closed;

  /**
   * A way to the cluster.
   *
   * @param clients makes clients; the first one at once
   */
  public Cluster(Supplier<VarveClient> clients) {
    this.clients = clients;
    this.client = clients.get();
  }

  /** The client of the log as it is known now. Not to be kept over calls. */
  public synchronized VarveClient client() {
    return client;
  }

  /** The log identity, if any answer has told it yet. */
  public Optional<UUID> knownIdentity() {
    return client().logIdentity();
  }

  /** The log identity; asks the cluster when nobody knows it yet. */
  public CompletableFuture<UUID> identity() {
    return call(Cluster::identityOf);
  }

  /**
   * Calls the cluster. If it turns out to have another log identity than it had, later calls go to
   * the new one, and whoever asked with {@link #onReplaced} is told; this call still fails with
   * {@link LogIdentityMismatchException}.
   */
  public <T> CompletableFuture<T> call(Function<VarveClient, CompletableFuture<T>> call) {
    VarveClient used = client();
    CompletableFuture<T> future = call.apply(used);
    return future.whenComplete((result, failure) -> noticed(used, failure));
  }

  /**
   * Calls the cluster for a caller that expects a log identity.
   *
   * @param expected the identity; empty = any
   */
  public <T> CompletableFuture<T> call(
      Optional<UUID> expected, Function<VarveClient, CompletableFuture<T>> call) {
    if (expected.isEmpty()) {
      return call(call);
    }
    return call(
        used ->
            identityOf(used)
                .thenCompose(
                    identity -> {
                      if (!identity.equals(expected.get())) {
                        throw new ProblemException(
                            Problem.of(
                                ProblemCode.LOG_IDENTITY_MISMATCH,
                                "the log's identity is "
                                    + identity
                                    + ", not "
                                    + expected.get()
                                    + ": the cluster was restored or replaced",
                                "logIdentity"));
                      }
                      return call.apply(used);
                    }));
  }

  /** Tells the failure of a call that was made without {@link #call}, such as a subscription's. */
  public void noticed(VarveClient used, @Nullable Throwable failure) {
    if (failure == null
        || !(Problems.unwrap(failure) instanceof LogIdentityMismatchException mismatch)) {
      return;
    }
    synchronized (this) {
      if (client != used || closed) {
        return;
      }
      client = clients.get();
    }
    LOG.warn("the cluster has another log identity than before: {}", mismatch.getMessage());
    replaced.forEach(Runnable::run);
    // What is still under way with the old client fails for the same reason.
    used.close();
  }

  /** Asks to be told whenever the log identity has changed. Must be short. */
  public void onReplaced(Runnable told) {
    replaced.add(told);
  }

  /** Closes the client. Idempotent. */
  @Override
  public void close() {
    VarveClient last;
    synchronized (this) {
      closed = true;
      last = client;
    }
    last.close();
  }

  private static CompletableFuture<UUID> identityOf(VarveClient client) {
    return client
        .logIdentity()
        .map(CompletableFuture::completedFuture)
        .orElseGet(
            () ->
                client
                    .headAsync(ReadConsistency.local())
                    .thenApply(head -> client.logIdentity().orElseThrow()));
  }
}
