package io.varve.gateway.http;

import com.codahale.metrics.Counter;
import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import com.codahale.metrics.Timer;
import io.varve.client.AppendResult;
import io.varve.client.AppendResult.Appended;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * What the gateway counts of its routes. Names carry their labels as Prometheus writes them; see
 * {@link MetricsText}. Thread-safe.
 */
final class Figures {
  private final MetricRegistry registry;

  /** Routes and statuses are few, so these are. */
  private final Map<String, Timer> timers = new ConcurrentHashMap<>();

  private final Map<String, Counter> answers = new ConcurrentHashMap<>();
  private final Set<String> routes = ConcurrentHashMap.newKeySet();

  private final Counter runs;
  private final Counter pushedEvents;
  private final Counter pushedVoids;
  private final Counter replayedRuns;
  private final Counter appended;
  private final Counter conflicts;

  Figures(MetricRegistry registry) {
    this.registry = registry;
    this.runs = registry.counter("push_runs_total");
    this.pushedEvents = registry.counter("push_events_total");
    this.pushedVoids = registry.counter("push_voids_total");
    this.replayedRuns = registry.counter("push_replayed_runs_total");
    this.appended = registry.counter("appends_total{outcome=\"appended\"}");
    this.conflicts = registry.counter("appends_total{outcome=\"conflict\"}");
  }

  /** Shows a figure that is asked for when it is looked at. */
  void gauge(String name, Gauge<? extends Number> gauge) {
    registry.registerGauge(name, gauge);
  }

  /** A request was answered. */
  void answered(String route, int status, Duration took) {
    routes.add(route);
    timers
        .computeIfAbsent(route, name -> registry.timer("request_seconds{route=\"" + name + "\"}"))
        .update(took.toNanos(), TimeUnit.NANOSECONDS);
    answers
        .computeIfAbsent(
            route + "\",status=\"" + status,
            labels -> registry.counter("requests_total{route=\"" + labels + "\"}"))
        .inc();
  }

  /** A run has landed. */
  void pushed(int events, int voids, Appended result) {
    runs.inc();
    pushedEvents.inc(events);
    pushedVoids.inc(voids);
    if (result.replayed()) {
      replayedRuns.inc();
    }
  }

  /** A live append was decided. */
  void appended(AppendResult result) {
    (result instanceof Appended ? appended : conflicts).inc();
  }

  /** All routes that were asked for, by name. */
  Set<String> routes() {
    return new TreeSet<>(routes);
  }

  /** How long a route's answers took. */
  Timer timer(String route) {
    return timers.getOrDefault(route, new Timer());
  }

  /** How often a route answered with each status. */
  Map<Integer, Long> statuses(String route) {
    Map<Integer, Long> statuses = new TreeMap<>();
    String prefix = route + "\",status=\"";
    answers.forEach(
        (labels, counter) -> {
          if (labels.startsWith(prefix)) {
            statuses.put(Integer.parseInt(labels.substring(prefix.length())), counter.getCount());
          }
        });
    return statuses;
  }

  long runs() {
    return runs.getCount();
  }

  long pushedEvents() {
    return pushedEvents.getCount();
  }

  long pushedVoids() {
    return pushedVoids.getCount();
  }

  long replayedRuns() {
    return replayedRuns.getCount();
  }

  long appends() {
    return appended.getCount();
  }

  long conflicts() {
    return conflicts.getCount();
  }
}
