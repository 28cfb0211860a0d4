package io.varve.node.read;

import com.codahale.metrics.Counter;
import io.varve.node.metrics.MetricType;
import io.varve.node.metrics.Metrics;
import io.varve.node.metrics.Samples;
import io.varve.proto.v1.ReadResponse;
import io.varve.proto.v1.SubscribeResponse;
import io.varve.statemachine.LogReader;
import java.util.Collection;

/** What reads and subscriptions have sent, and how far behind they are. */
final class ReadMetrics {

  private static final String EVENTS = "varve_read_events_total";
  private static final String EVENTS_HELP = "Events sent to callers, by kind of stream.";

  private final Counter read;
  private final Counter subscribed;

  private ReadMetrics(Metrics metrics) {
    read = metrics.counter(EVENTS, EVENTS_HELP, "kind", "read");
    subscribed = metrics.counter(EVENTS, EVENTS_HELP, "kind", "subscription");
  }

  /** Those of the given streams, which come and go. */
  static ReadMetrics of(
      Metrics metrics, Collection<EventStream<?>> streams, LogReader reader, TailWindow window) {
    metrics.samples(
        "varve_streams_open",
        MetricType.GAUGE,
        "Reads and subscriptions that are open.",
        () -> {
          long subscriptions = streams.stream().filter(ReadMetrics::isSubscription).count();
          return new Samples()
              .add(streams.size() - subscriptions, "kind", "read")
              .add(subscriptions, "kind", "subscription");
        });
    metrics.gauge(
        "varve_streams_held_back",
        "Streams whose callers do not take what there is to send.",
        () -> streams.stream().filter(EventStream::isHeldBack).count());
    metrics.gauge(
        "varve_stream_cursors_open",
        "Streams that hold a cursor over the store.",
        () -> streams.stream().filter(EventStream::holdsCursor).count());
    metrics.gauge(
        "varve_subscription_lag_max_positions",
        "How far the subscription that is furthest behind is behind this node's head.",
        () -> lags(streams, reader).max().orElse(0));
    metrics.gauge(
        "varve_subscriptions_behind",
        "Subscriptions that are more than 10,000 positions behind this node's head.",
        () -> lags(streams, reader).filter(lag -> lag > 10_000).count());
    metrics.gauge(
        "varve_tail_window_bytes",
        "Bytes of the newest events, kept for all who follow the tail.",
        window::bytes);
    return new ReadMetrics(metrics);
  }

  private static boolean isSubscription(EventStream<?> stream) {
    return stream instanceof Subscription;
  }

  private static java.util.stream.LongStream lags(
      Collection<EventStream<?>> streams, LogReader reader) {
    long head = reader.head();
    return streams.stream()
        .filter(ReadMetrics::isSubscription)
        .mapToLong(stream -> Math.max(0, head - ((Subscription) stream).sentUpTo()));
  }

  /** A read sent something. */
  void sent(ReadResponse message) {
    read.inc(message.getEventsCount());
  }

  /** A subscription sent something. */
  void sent(SubscribeResponse message) {
    if (message.hasBatch()) {
      subscribed.inc(message.getBatch().getEventsCount());
    }
  }
}
