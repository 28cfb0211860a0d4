package io.varve.node.ops;

import io.grpc.BindableService;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.protobuf.services.HealthStatusManager;
import io.varve.proto.v1.LogServiceGrpc;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers grpc.health.v1: SERVING while the node is ready, for the whole server ({@code ""}) and
 * for the log's service.
 */
public final class HealthMonitor implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(HealthMonitor.class);
  private static final List<String> SERVICES =
      List.of(HealthStatusManager.SERVICE_NAME_ALL_SERVICES, LogServiceGrpc.SERVICE_NAME);

  private final BooleanSupplier ready;
  private final HealthStatusManager health = new HealthStatusManager();
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "varve-health");
            thread.setDaemon(true);
            return thread;
          });
  private boolean serving;

  private HealthMonitor(BooleanSupplier ready) {
    this.ready = ready;
  }

  /**
   * Starts to look.
   *
   * @param ready whether the node is; cheap and never blocking
   * @param interval how often to look
   */
  public static HealthMonitor start(BooleanSupplier ready, Duration interval) {
    HealthMonitor monitor = new HealthMonitor(ready);
    monitor.set(ServingStatus.NOT_SERVING);
    var unused =
        monitor.timer.scheduleWithFixedDelay(
            monitor::look, 0, interval.toMillis(), TimeUnit.MILLISECONDS);
    return monitor;
  }

  /** The health service. */
  public BindableService service() {
    return health.getHealthService();
  }

  /** NOT_SERVING from now on, whatever the node says. */
  @Override
  public void close() {
    timer.shutdownNow();
    health.enterTerminalState();
  }

  private void look() {
    boolean now;
    try {
      now = ready.getAsBoolean();
    } catch (RuntimeException e) {
      LOG.warn("The node cannot tell whether it is ready", e);
      now = false;
    }
    if (now != serving) {
      serving = now;
      LOG.info(now ? "The node is ready" : "The node is not ready");
      set(now ? ServingStatus.SERVING : ServingStatus.NOT_SERVING);
    }
  }

  private void set(ServingStatus status) {
    SERVICES.forEach(service -> health.setStatus(service, status));
  }
}
