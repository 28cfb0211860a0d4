package io.varve.gateway.sse;

import com.codahale.metrics.Counter;
import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import com.codahale.metrics.Timer;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;

/** What streams cost and how late they are. Thread-safe. */
final class StreamMetrics {
  private final Counter events;
  private final Counter bytes;
  private final Counter opened;
  private final Counter refused;
  private final Counter pages;
  private final Counter slow;
  private final Timer delivery;

  StreamMetrics(MetricRegistry registry, Hub hub) {
    registry.registerAll(
        () ->
            Map.of(
                "varve_gateway_streams_open", (Gauge<Integer>) hub::streams,
                "varve_gateway_streams_behind", (Gauge<Integer>) hub::streamsBehind,
                "varve_gateway_upstream_subscriptions", (Gauge<Integer>) hub::upstreams,
                "varve_gateway_stream_buffer_bytes", (Gauge<Long>) hub::bufferedBytes));
    events = registry.counter("varve_gateway_stream_events_total");
    bytes = registry.counter("varve_gateway_stream_bytes_total");
    opened = registry.counter("varve_gateway_streams_opened_total");
    refused = registry.counter("varve_gateway_streams_refused_total");
    pages = registry.counter("varve_gateway_stream_catch_up_reads_total");
    slow = registry.counter("varve_gateway_streams_cut_slow_total");
    delivery = registry.timer("varve_gateway_stream_delivery");
  }

  /** Events and bytes were handed to a connection. */
  void sent(int count, long size) {
    events.inc(count);
    bytes.inc(size);
  }

  /** A live event was handed to a connection. */
  void delivered(Instant recorded, Instant now) {
    // The leader's clock may be ahead of this one.
    Duration lag = Duration.between(recorded, now);
    delivery.update(lag.isNegative() ? Duration.ZERO : lag);
  }

  void opened() {
    opened.inc();
  }

  void refused() {
    refused.inc();
  }

  void page() {
    pages.inc();
  }

  void cutSlow() {
    slow.inc();
  }
}
