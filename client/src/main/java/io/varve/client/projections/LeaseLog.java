package io.varve.client.projections;

import io.varve.client.AppendRequest;
import io.varve.client.AppendResult;
import io.varve.client.Event;
import io.varve.client.ExpectedVersion;
import io.varve.client.LatestOptions;
import io.varve.client.LatestPage;
import io.varve.client.NewEvent;
import io.varve.client.ReadConsistency;
import io.varve.client.ReadOptions;
import io.varve.client.VarveClient;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * The leases of one projection, as events of the log: a source for each partition, whose version is
 * the fencing token, and a source whose keys are the runners that live. Thread-safe.
 */
final class LeaseLog {

  static final String TAKEN = "LeaseTaken";
  static final String RENEWED = "LeaseRenewed";
  static final String RELEASED = "LeaseReleased";
  static final String RUNNING = "RunnerRunning";

  /**
   * The newest event of a lease.
   *
   * @param version its version; 0 = nobody ever had the lease
   * @param runner whose event it is
   * @param released whether the lease was given back
   * @param lease how long its holder may be silent
   */
  record State(long version, String runner, boolean released, Duration lease) {
    static State never() {
      return new State(0, "", true, Duration.ZERO);
    }
  }

  private final VarveClient client;
  private final String prefix;
  private final String runner;
  private final Duration lease;
  private final Duration deadline;

  LeaseLog(VarveClient client, Projection<?> projection, String runner) {
    this.client = client;
    this.prefix =
        Projection.RESERVED_PREFIX + projection.name() + "/" + projection.generation() + "/";
    this.runner = runner;
    this.lease = projection.lease();
    // Who cannot renew for a third of the time tries again; nothing waits longer than the lease.
    this.deadline = lease.dividedBy(3);
  }

  /** The source of a partition's lease. */
  String source(int partition) {
    return prefix + "lease/" + partition;
  }

  private String runners() {
    return prefix + "runners";
  }

  /** What the log says last of a lease. May be old, never wrong. */
  CompletableFuture<State> read(int partition, ReadConsistency consistency) {
    return client
        .readAsync(
            ReadOptions.builder()
                .source(source(partition))
                .backward()
                .limit(1)
                .consistency(consistency)
                .deadline(deadline)
                .build())
        .thenApply(events -> events.isEmpty() ? State.never() : state(events.get(0)));
  }

  private State state(Event event) {
    Duration said;
    try {
      said = Duration.ofMillis(Long.parseLong(event.data().toUtf8()));
    } catch (NumberFormatException | ArithmeticException e) {
      said = lease;
    }
    return new State(event.version(), event.id(), event.type().equals(RELEASED), said);
  }

  /**
   * Takes, renews or releases a lease, if its version is still this.
   *
   * @return the new version; empty = somebody else was first
   */
  CompletableFuture<Optional<Long>> append(int partition, String type, long version) {
    String source = source(partition);
    return client
        .appendAsync(
            AppendRequest.builder()
                .event(event(source, type).build())
                .condition(ExpectedVersion.exactly(source, version))
                .deadline(deadline)
                .build())
        .thenApply(
            result ->
                result instanceof AppendResult.Appended appended
                    ? Optional.of(appended.version(source))
                    : Optional.empty());
  }

  private NewEvent.Builder event(String source, String type) {
    return NewEvent.builder(source, type)
        .id(runner)
        .data(Long.toString(lease.toMillis()))
        .contentType("text/plain");
  }

  /** Says that this runner lives. */
  CompletableFuture<?> live() {
    return client.appendAsync(
        AppendRequest.builder()
            .event(event(runners(), RUNNING).key(runner).build())
            .deadline(deadline)
            .build());
  }

  /** Says that a runner does not. */
  CompletableFuture<?> gone(String which) {
    return client.appendAsync(
        AppendRequest.builder()
            .event(event(runners(), RUNNING).key(which).tombstone(true).build())
            .deadline(deadline)
            .build());
  }

  /** The newest sign of life of each runner, {@link LatestOptions#MAX_PAGE_SIZE} at most. */
  CompletableFuture<List<Event>> living() {
    return client
        .readLatestPageAsync(
            LatestOptions.builder(runners())
                .consistency(ReadConsistency.local())
                .deadline(deadline)
                .build())
        .thenApply(LatestPage::events);
  }
}
