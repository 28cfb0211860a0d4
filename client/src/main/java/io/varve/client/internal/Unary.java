package io.varve.client.internal;

import io.grpc.MethodDescriptor;
import io.varve.client.ClientClosedException;
import io.varve.client.DeadlineExceededException;
import io.varve.client.OverloadedException;
import io.varve.client.RetryPolicy;
import io.varve.client.UnavailableException;
import io.varve.client.VarveException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Calls with one answer that change nothing: repeated, on any node, within the deadline. */
final class Unary {

  /** No single node may use up the deadline; but waiting for an election is worth this much. */
  private static final long MIN_ATTEMPT_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Nodes nodes;
  private final Transport transport;
  private final RetryPolicy policy;
  private final Completions completions;
  private final Set<Attempts<?, ?, ?>> underWay = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  Unary(Nodes nodes, Transport transport, RetryPolicy policy, Completions completions) {
    this.completions = completions;
    this.nodes = nodes;
    this.transport = transport;
    this.policy = policy;
  }

  /**
   * Calls.
   *
   * @param request made anew for each attempt
   * @param convert turns the answer into the result; what it throws is the caller's error
   * @param preferLeader whether the leader answers with fewer hops than others
   */
  <Q, R, T> CompletableFuture<T> call(
      MethodDescriptor<Q, R> method,
      Supplier<Q> request,
      Function<R, T> convert,
      boolean preferLeader,
      Duration deadline) {
    Attempts<Q, R, T> attempts =
        new Attempts<>(method, request, convert, preferLeader, deadline.toNanos());
    underWay.add(attempts);
    CompletableFuture<T> unused =
        attempts.future.whenComplete((result, failure) -> underWay.remove(attempts));
    if (closed) {
      attempts.failClosed();
    }
    attempts.next();
    return attempts.future;
  }

  /** Fails what is under way and what is still to come: no thread may be there to do it later. */
  void close() {
    closed = true;
    underWay.forEach(Attempts::failClosed);
  }

  private final class Attempts<Q, R, T> implements UnaryCall.Callback<R> {
    private final MethodDescriptor<Q, R> method;
    private final Supplier<Q> request;
    private final Function<R, T> convert;
    private final boolean preferLeader;
    private final long deadlineNanos;
    private final long timeoutNanos;
    private final Backoff backoff = new Backoff(policy);
    private final CompletableFuture<T> future = new CompletableFuture<>();
    private @Nullable Address address;
    private @Nullable VarveException last;

    Attempts(
        MethodDescriptor<Q, R> method,
        Supplier<Q> request,
        Function<R, T> convert,
        boolean preferLeader,
        long timeoutNanos) {
      this.method = method;
      this.request = request;
      this.convert = convert;
      this.preferLeader = preferLeader;
      this.timeoutNanos = timeoutNanos;
      this.deadlineNanos = System.nanoTime() + timeoutNanos;
    }

    void next() {
      if (future.isDone()) {
        return;
      }
      long remaining = deadlineNanos - System.nanoTime();
      if (remaining <= 0) {
        expire();
        return;
      }
      Address to = preferLeader ? nodes.leaderOrAny() : nodes.any();
      address = to;
      long attempt = Math.min(remaining, Math.max(timeoutNanos / 3, MIN_ATTEMPT_NANOS));
      UnaryCall.start(nodes, to, method, request.get(), attempt, this);
    }

    @Override
    public void answered(R response, Optional<Address> leader) {
      T result;
      try {
        result = convert.apply(response);
      } catch (RuntimeException refused) {
        completions.fail(future, refused);
        return;
      }
      completions.complete(future, result);
    }

    @Override
    public void failed(Failure failure, Optional<Address> leader) {
      last = failure.exception();
      if (address != null
          && failure.retriable()
          && !(failure.exception() instanceof OverloadedException)) {
        nodes.failed(address);
      }
      if (!failure.retriable() || backoff.failures() + 1 >= policy.maxAttempts()) {
        completions.fail(future, failure.exception());
        return;
      }
      long wait = backoff.nextNanos(failure.retryAfter().toNanos());
      long remaining = deadlineNanos - System.nanoTime();
      if (!Transport.later(transport.networkLoop(), this::next, Math.min(wait, remaining))) {
        failClosed();
      }
    }

    void failClosed() {
      completions.fail(future, new ClientClosedException("the client is closed"));
    }

    private void expire() {
      String within = "no answer within " + TimeUnit.NANOSECONDS.toMillis(timeoutNanos) + " ms";
      completions.fail(
          future,
          last == null
              ? new DeadlineExceededException(within, null)
              : new UnavailableException(within + ": " + last.getMessage(), last));
    }
  }
}
