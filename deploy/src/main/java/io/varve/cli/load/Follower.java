package io.varve.cli.load;

import java.net.URLEncoder;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;

/**
 * Follows a stream of a gateway and measures how late events are: from the time the leader recorded
 * until they are here, by the clocks of both. A stream that ends is opened again behind the last
 * event; one that ends unasked, or an event out of turn, is an error.
 */
final class Follower {
  private static final long PAUSE_MILLIS = 50;
  private static final String RECORDED = "\"recorded\":\"";

  private static final Flow.Subscription NOTHING =
      new Flow.Subscription() {
        @Override
        public void request(long count) {}

        @Override
        public void cancel() {}
      };

  private final GatewayClient client;
  private final String path;
  private final Meter meter;
  private final CompletableFuture<Void> caughtUp = new CompletableFuture<>();

  /** The newest position the stream has told of; until then nothing but what comes. */
  private volatile String after = "head";

  private volatile long position;
  private volatile boolean stopped;
  private volatile Flow.Subscription reading = NOTHING;

  /**
   * Follows what matches a filter from now on.
   *
   * @param filter the filter, JSON
   * @param meter counts the deliveries
   */
  Follower(GatewayClient client, String filter, Meter meter) {
    this.client = client;
    this.path = "/v1/stream?filter=" + URLEncoder.encode(filter, StandardCharsets.UTF_8);
    this.meter = meter;
  }

  /**
   * Opens the stream.
   *
   * @return completes when nothing that comes will be missed; fails if the stream cannot be opened
   */
  CompletableFuture<Void> start() {
    open();
    return caughtUp;
  }

  /** Ends it. */
  void stop() {
    stopped = true;
    reading.cancel();
  }

  private void open() {
    var unused =
        client.stream(
                path + "&after=" + after,
                head ->
                    head.statusCode() == 200
                        ? HttpResponse.BodySubscribers.fromLineSubscriber(
                            new Lines(), lines -> "", StandardCharsets.UTF_8, "\n")
                        : HttpResponse.BodySubscribers.ofString(StandardCharsets.UTF_8))
            .whenComplete(
                (answer, failure) -> {
                  if (failure == null && answer.statusCode() == 200) {
                    again();
                    return;
                  }
                  if (!stopped) {
                    meter.error();
                  }
                  boolean first =
                      caughtUp.completeExceptionally(
                          failure == null
                              ? GatewayClient.refused("the gateway opens no stream", answer)
                              : failure);
                  if (!first) {
                    again();
                  }
                });
  }

  private void again() {
    if (!stopped) {
      CompletableFuture.delayedExecutor(PAUSE_MILLIS, TimeUnit.MILLISECONDS).execute(this::open);
    }
  }

  /** One stream's lines. Called by one thread at a time. */
  private final class Lines implements Flow.Subscriber<String> {
    private String type = "";
    private String id = "";
    private String data = "";
    private boolean told;

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
      reading = subscription;
      if (stopped) {
        subscription.cancel();
      } else {
        subscription.request(Long.MAX_VALUE);
      }
    }

    @Override
    public void onNext(String line) {
      if (line.isEmpty()) {
        message();
      } else if (line.startsWith("data: ")) {
        data = line.substring("data: ".length());
      } else if (line.startsWith("event: ")) {
        type = line.substring("event: ".length());
      } else if (line.startsWith("id: ")) {
        id = line.substring("id: ".length());
      }
    }

    private void message() {
      if (type.isEmpty() && !data.isEmpty()) {
        event();
      } else if (type.equals("caught-up")) {
        caughtUp.complete(null);
      } else if (type.equals("reconnect") || type.equals("reauthenticate")) {
        told = true;
      }
      if (!id.isEmpty()) {
        after = id;
      }
      type = "";
      id = "";
      data = "";
    }

    private void event() {
      // Behind it stands only what this load has named: it cannot be within a payload.
      int from = data.lastIndexOf(RECORDED) + RECORDED.length();
      Instant recorded = Instant.parse(data.substring(from, data.indexOf('"', from)));
      meter.took(ChronoUnit.MICROS.between(recorded, Instant.now()));
      long next = Long.parseLong(id);
      if (next <= position) {
        meter.error();
      }
      position = next;
    }

    /** Counted where the exchange fails. */
    @Override
    public void onError(Throwable failure) {}

    @Override
    public void onComplete() {
      if (!told && !stopped) {
        meter.error();
      }
    }
  }
}
