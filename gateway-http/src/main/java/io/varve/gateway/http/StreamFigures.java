package io.varve.gateway.http;

import com.codahale.metrics.Counter;
import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import com.codahale.metrics.Snapshot;
import com.codahale.metrics.Timer;
import java.util.Optional;

/**
 * What the streams tell of themselves in the gateway's metrics, by the names they have there.
 *
 * @param open streams of clients
 * @param upstreams subscriptions to the cluster that feed them
 * @param events events sent since the gateway began
 * @param delivery nanoseconds from an event's recorded time until it was handed to a connection
 */
record StreamFigures(long open, long upstreams, long events, Snapshot delivery) {

  static Optional<StreamFigures> of(MetricRegistry registry) {
    Gauge<?> open = registry.getGauges().get("varve_gateway_streams_open");
    Gauge<?> upstreams = registry.getGauges().get("varve_gateway_upstream_subscriptions");
    Counter events = registry.getCounters().get("varve_gateway_stream_events_total");
    Timer delivery = registry.getTimers().get("varve_gateway_stream_delivery");
    if (open == null || upstreams == null || events == null || delivery == null) {
      return Optional.empty();
    }
    return Optional.of(
        new StreamFigures(
            ((Number) open.getValue()).longValue(),
            ((Number) upstreams.getValue()).longValue(),
            events.getCount(),
            delivery.getSnapshot()));
  }
}
