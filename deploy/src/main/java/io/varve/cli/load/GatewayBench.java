package io.varve.cli.load;

import io.varve.client.json.Json;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A closed loop of pushes over HTTP: every slot is a client of its own with a buffer, has exactly
 * one run under way, and sends the same run again until it has landed. Latency is from issue to
 * answer. Meanwhile followers receive every event, each over a stream of its own.
 */
public final class GatewayBench {

  private static final int POOL_BYTES = 1 << 20;

  /** So many clients get their first tokens, or streams, at a time. */
  private static final int STARTS_IN_FLIGHT = 32;

  private static final String EVERYTHING = "*";

  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(10))
          .build();
  private final Plan plan;
  private final boolean keys;
  private final byte[] pool;
  private final Meter pushes = new Meter();
  private final Meter deliveries = new Meter();
  private volatile boolean stopped;

  /**
   * What to do.
   *
   * @param gateway where the gateway is, an http or https address without a path
   * @param inFlight clients, each with one run under way
   * @param payloadBytes of each event's payload, random
   * @param eventsPerPush events of one run, all to one source
   * @param followers streams that receive every event; 0 or more
   * @param warmup runs before measuring begins
   * @param measured how long is measured
   * @param deadline how long a push may take
   * @param run tells the sources of this run from those of others
   */
  public record Plan(
      URI gateway,
      int inFlight,
      int payloadBytes,
      int eventsPerPush,
      int followers,
      Duration warmup,
      Duration measured,
      Duration deadline,
      String run) {}

  private GatewayBench(Plan plan, byte[] pool) throws InterruptedException {
    this.plan = plan;
    this.pool = pool;
    this.keys = GatewayClient.asksForKeys(http, plan.gateway(), plan.deadline());
  }

  /**
   * Runs it.
   *
   * @throws GatewayException if the gateway does not answer, or does not let its clients register,
   *     append and read
   * @throws InterruptedException if the thread was interrupted; what is under way runs out by
   *     itself
   */
  public static GatewayMeasurement run(Plan plan) throws InterruptedException {
    byte[] pool = new byte[POOL_BYTES + plan.payloadBytes()];
    new Random(1).nextBytes(pool);
    return new GatewayBench(plan, pool).measure();
  }

  private GatewayMeasurement measure() throws InterruptedException {
    List<Follower> followers = new ArrayList<>();
    List<Pushes> pushers = new ArrayList<>();
    for (int i = 0; i < plan.followers(); i++) {
      followers.add(new Follower(client(), filter(), deliveries));
    }
    for (int i = 0; i < plan.inFlight(); i++) {
      pushers.add(new Pushes(i, client()));
    }
    try {
      together(pushers, Pushes::register);
      together(followers, Follower::start);
      return push(new ClosedLoop(plan.inFlight(), pushers::get));
    } finally {
      followers.forEach(Follower::stop);
    }
  }

  private GatewayMeasurement push(ClosedLoop loop) throws InterruptedException {
    try {
      loop.start();
      TimeUnit.NANOSECONDS.sleep(plan.warmup().toNanos());
      Meter.Window pushing = pushes.begin();
      Meter.Window delivering = deliveries.begin();
      TimeUnit.NANOSECONDS.sleep(plan.measured().toNanos());
      return measurement(pushing.end(), delivering.end());
    } finally {
      stopped = true;
      loop.stop();
    }
  }

  /** What went wrong with streams counts as what went wrong with pushes does. */
  private static GatewayMeasurement measurement(Measurement pushed, Measurement delivered) {
    return new GatewayMeasurement(
        new Measurement(
            pushed.operationsPerSecond(),
            pushed.eventsPerSecond(),
            pushed.p50Micros(),
            pushed.p99Micros(),
            pushed.p999Micros(),
            pushed.maxMicros(),
            pushed.errors() + delivered.errors(),
            pushed.conflicts()),
        delivered.operationsPerSecond(),
        delivered.p50Micros(),
        delivered.p99Micros());
  }

  private GatewayClient client() {
    return new GatewayClient(http, plan.gateway(), plan.deadline(), keys);
  }

  private String tag() {
    return "run:" + plan.run();
  }

  private String filter() {
    return "{\"anyOf\":[{\"sourceType\":\"Bench\",\"tags\":[\"" + tag() + "\"]}]}";
  }

  /** Does the same for all, some at a time; fails as the first of them does. */
  private static <T> void together(List<T> all, Function<T, CompletableFuture<Void>> each) {
    for (int from = 0; from < all.size(); from += STARTS_IN_FLIGHT) {
      List<CompletableFuture<Void>> under =
          all.subList(from, Math.min(all.size(), from + STARTS_IN_FLIGHT)).stream()
              .map(each)
              .toList();
      for (CompletableFuture<Void> one : under) {
        try {
          one.join();
        } catch (CompletionException e) {
          if (e.getCause() instanceof GatewayException refused) {
            throw refused;
          }
          throw GatewayException.unavailable(
              "the gateway does not answer: " + GatewayClient.said(e.getCause()));
        }
      }
    }
  }

  /** One client's pushes. */
  private final class Pushes implements ClosedLoop.Work {
    private final GatewayClient client;
    private final int number;
    private int offset;
    private String source = "";

    /** The run under way; the same until it has landed, so that it lands once. */
    private String body = "";

    private long next = 1;
    private long issued;

    Pushes(int number, GatewayClient client) {
      this.client = client;
      this.number = number;
      this.offset = number * plan.payloadBytes() % POOL_BYTES;
    }

    /** Comes in, and chooses a source that it may append to. */
    CompletableFuture<Void> register() {
      return client
          .mayAppend()
          .thenCombine(
              client.mayRead(),
              (append, read) -> {
                if (append.isEmpty()) {
                  throw GatewayException.refused(
                      "the gateway lets new clients append to nothing: 'identity.append' of its"
                          + " configuration must name something");
                }
                if (plan.followers() > 0 && !read.contains(EVERYTHING)) {
                  throw GatewayException.refused(
                      "followers receive every client's events, and the gateway lets new clients"
                          + " read only "
                          + read
                          + ": set 'identity.read' of its configuration to '*', or --followers 0");
                }
                String prefix = append.contains(EVERYTHING) ? "" : append.get(0);
                source = prefix + "bench-" + plan.run() + "-" + number;
                return null;
              });
    }

    @Override
    public void issue(ClosedLoop.Slot slot) {
      body = body();
      push(slot);
    }

    private void push(ClosedLoop.Slot slot) {
      issued = System.nanoTime();
      var unused =
          client.post("/v1/push", body).whenComplete((answer, failure) -> answer(slot, answer));
    }

    /** Without an answer it failed. */
    private void answer(ClosedLoop.Slot slot, @Nullable HttpResponse<String> answer) {
      long last = next + plan.eventsPerPush() - 1;
      if (answer != null && answer.statusCode() == 200 && landedThrough(answer) == last) {
        pushes.succeeded(issued);
        pushes.events(plan.eventsPerPush());
        next = last + 1;
        slot.done();
        return;
      }
      pushes.error();
      slot.failed(
          () -> {
            if (stopped) {
              slot.done();
            } else {
              push(slot);
            }
          });
    }

    private static long landedThrough(HttpResponse<String> answer) {
      try {
        return GatewayClient.json(answer).path("landedThrough").asLong();
      } catch (GatewayException e) {
        return 0; // Whatever it is, it says of nothing that it has landed.
      }
    }

    private String body() {
      return Json.object(
          out -> {
            out.writeStringField("clientId", client.clientId());
            out.writeStringField("bufferId", "bench");
            out.writeArrayFieldStart("events");
            for (int i = 0; i < plan.eventsPerPush(); i++) {
              out.writeStartObject();
              out.writeNumberField("clientSeq", next + i);
              out.writeStringField("source", source);
              out.writeStringField("type", "Measured");
              out.writeStringField("sourceType", "Bench");
              out.writeArrayFieldStart("tags");
              out.writeString(tag());
              out.writeEndArray();
              out.writeStringField("contentType", "application/octet-stream");
              out.writeStringField("dataBase64", payload());
              out.writeEndObject();
            }
            out.writeEndArray();
          });
    }

    private String payload() {
      offset = (offset + plan.payloadBytes()) % POOL_BYTES;
      byte[] bytes = Arrays.copyOfRange(pool, offset, offset + plan.payloadBytes());
      return Base64.getEncoder().encodeToString(bytes);
    }
  }
}
