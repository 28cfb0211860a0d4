package io.varve.client.localfirst;

import io.varve.client.localfirst.Gateways.Query;
import java.io.IOException;
import java.net.http.HttpHeaders;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * Pulls the open sources: brings those that are behind up by pages, then follows all of them on one
 * event stream. Used by one thread.
 */
final class Pulling implements SyncLoop.Round {

  /** How many events a page has, and how many of a stream are taken over together. */
  private static final int PAGE = 1_000;

  private static final int BATCH = 500;

  /** A source of which only the newest per key matters is read anew when it is behind by more. */
  private static final long TOO_FAR_BEHIND = 10_000;

  /** How long a source is left alone that this client may not read. */
  private static final long REFUSED_NANOS = TimeUnit.SECONDS.toNanos(30);

  /** A stream that lasted so long was a good one: the next is not a repetition of a failure. */
  private static final long GOOD_NANOS = TimeUnit.SECONDS.toNanos(5);

  private static final long DEFAULT_RETRY_MILLIS = 1_000;
  private static final long MAX_RETRY_MILLIS = 30_000;

  private final Sync sync;
  private final Duration silence;
  // Also changed by threads that open a source, or want what was refused to be tried again.
  private final Map<String, Refusal> refused = new ConcurrentHashMap<>();
  private int shortStreams;

  /**
   * @param silence after how long without a byte a stream is given up
   */
  Pulling(Sync sync, Duration silence) {
    this.sync = sync;
    this.silence = silence;
  }

  /** A source that is opened is asked for at once, whatever it was told before. Any thread. */
  void admit(String source) {
    refused.remove(source);
  }

  /** Everything is asked for at once. Any thread. */
  void admitAll() {
    refused.clear();
  }

  private record Refusal(LocalProblem problem, long untilNanos) {}

  /** An open source, as it was when the round began. */
  private record Follow(long position, boolean latestOnly) {}

  @Override
  public void perform(long seen) throws GatewayException, InterruptedException {
    long now = System.nanoTime();
    refused.values().removeIf(refusal -> refusal.untilNanos() - now <= 0);
    Map<String, Follow> open = sync.read(Pulling::open);
    refused.keySet().retainAll(open.keySet());
    open.keySet().removeAll(refused.keySet());
    if (open.isEmpty()) {
      sync.pullLink(refusals().orElse(Link.UNKNOWN));
      long wait = refused.isEmpty() ? TimeUnit.HOURS.toNanos(1) : REFUSED_NANOS;
      sync.pullSignal().await(seen, wait);
      return;
    }
    if (catchUp(open)) {
      stream(sync.read(Pulling::open), open.keySet());
    }
  }

  private static Map<String, Follow> open(Ledger ledger) {
    Map<String, Follow> open = new TreeMap<>();
    for (SourceState<?> source : ledger.openSources()) {
      open.put(source.name(), new Follow(source.position(), source.fold().latestOnly()));
    }
    return open;
  }

  private Optional<Link> refusals() {
    return refused.values().stream().findFirst().map(refusal -> Link.upBut(refusal.problem()));
  }

  // --- pages ---

  /** Brings all sources to about the same position; false: look at everything again. */
  private boolean catchUp(Map<String, Follow> open) throws GatewayException, InterruptedException {
    long newest = open.values().stream().mapToLong(Follow::position).max().orElse(0);
    for (Map.Entry<String, Follow> entry : open.entrySet()) {
      Follow follow = entry.getValue();
      if (follow.position() == 0 || follow.position() < newest) {
        if (!catchUp(entry.getKey(), follow, newest)) {
          return false;
        }
      }
    }
    return true;
  }

  private boolean catchUp(String source, Follow follow, long newest)
      throws GatewayException, InterruptedException {
    try {
      boolean anew =
          follow.latestOnly()
              && (follow.position() == 0 || newest - follow.position() > TOO_FAR_BEHIND);
      return anew ? latest(source) : pages(source, follow.position());
    } catch (GatewayException e) {
      if (!refusesSource(e)) {
        return changedLog(e);
      }
      // One source that may not be read is no reason to show nothing of the others.
      refused.put(source, new Refusal(e.problem(), System.nanoTime() + REFUSED_NANOS));
      sync.pullLink(Link.upBut(e.problem()));
      return false;
    }
  }

  /** Whether it is a source that is refused, and not this client, nor for now. */
  private static boolean refusesSource(GatewayException e) {
    return e.status() == 400 || e.code().equals("PERMISSION_DENIED");
  }

  private boolean changedLog(GatewayException e) throws GatewayException, InterruptedException {
    if (!e.code().equals("LOG_IDENTITY_MISMATCH")) {
      throw e;
    }
    sync.changeLog(sync.read(Ledger::logIdentity));
    return false;
  }

  private boolean pages(String source, long from) throws GatewayException, InterruptedException {
    long after = from;
    boolean more = true;
    while (more) {
      Answers.Page page =
          Answers.page(
              sync.gateways()
                  .get(
                      "/v1/events"
                          + query().add("source", source).add("after", after).add("limit", PAGE)));
      long next = page.fields().number("next");
      more = page.fields().truth("more");
      if (next < after || (more && next == after)) {
        throw GatewayException.invalidAnswer("a page after " + after + " leads to " + next);
      }
      List<Pulled> items = new ArrayList<>(page.events());
      items.add(new Pulled.UpTo(next, false));
      if (!take(page.fields().logIdentity(), Set.of(source), items)) {
        return false;
      }
      after = next;
    }
    return true;
  }

  private boolean latest(String source) throws GatewayException, InterruptedException {
    List<Pulled.Recorded> events = new ArrayList<>();
    Optional<Long> asOf = Optional.empty();
    Optional<String> afterKey = Optional.empty();
    while (true) {
      Answers.Page page =
          Answers.page(
              sync.gateways()
                  .get(
                      "/v1/latest"
                          + query()
                              .add("source", source)
                              .add("afterKey", afterKey)
                              .add("asOf", asOf)
                              .add("limit", PAGE)));
      events.addAll(page.events());
      long at = page.fields().number("asOf");
      if (!page.fields().truth("more")) {
        return take(
            page.fields().logIdentity(), Set.of(source), List.of(new Pulled.Latest(events, at)));
      }
      asOf = Optional.of(at);
      String lastKey = page.fields().text("lastKey");
      if (afterKey.equals(Optional.of(lastKey))) {
        throw GatewayException.invalidAnswer("a page after key " + lastKey + " leads to itself");
      }
      afterKey = Optional.of(lastKey);
    }
  }

  private boolean take(UUID identity, Set<String> names, List<Pulled> items)
      throws GatewayException, InterruptedException {
    if (sync.requireSameLog(identity)) {
      sync.change(
          ledger -> {
            ledger.pulled(identity, names, items);
            return true;
          });
      return true;
    }
    return false;
  }

  private Query query() throws InterruptedException {
    return new Query().add("logIdentity", sync.read(Ledger::logIdentity));
  }

  // --- the stream ---

  private void stream(Map<String, Follow> open, Set<String> names)
      throws GatewayException, InterruptedException {
    open.keySet().retainAll(names);
    if (open.isEmpty()) {
      return;
    }
    long after = open.values().stream().mapToLong(Follow::position).min().orElse(0);
    Query query = new Query();
    open.keySet().forEach(source -> query.add("source", source));
    query.add("after", after).add("logIdentity", sync.read(Ledger::logIdentity));
    long began = System.nanoTime();
    SseParser parser = new SseParser();
    try (ByteQueue body = sync.gateways().stream("/v1/stream" + query)) {
      new Follower(open, body, parser).follow();
    } catch (GatewayException e) {
      ended(open, e, System.nanoTime() - began, parser);
    } finally {
      // Not waited for: an interrupt may have brought us here.
      var unused =
          sync.storeThread()
              .submit(
                  false,
                  () -> {
                    sync.ledger().notCaughtUp();
                    return true;
                  });
    }
  }

  private void ended(Map<String, Follow> open, GatewayException e, long nanos, SseParser parser)
      throws GatewayException, InterruptedException {
    if (e.code().equals("LOG_IDENTITY_MISMATCH")) {
      changedLog(e);
      return;
    }
    if (refusesSource(e)) {
      refuse(open, e);
      return;
    }
    sync.gateways().rotate();
    if (nanos < GOOD_NANOS) {
      throw e;
    }
    sync.pullLink(Link.down(e.problem()));
    // Everybody else was cut off as well: do not all come back at once.
    Thread.sleep(ThreadLocalRandom.current().nextLong(1 + retryMillis(parser)));
  }

  /** The whole stream is refused: find out for which source. */
  private void refuse(Map<String, Follow> open, GatewayException e)
      throws GatewayException, InterruptedException {
    int before = refused.size();
    for (Map.Entry<String, Follow> entry : open.entrySet()) {
      if (!catchUp(entry.getKey(), entry.getValue(), Long.MAX_VALUE) && refused.size() == before) {
        return;
      }
    }
    if (refused.size() == before) {
      throw e;
    }
  }

  private static long retryMillis(SseParser parser) {
    return Math.min(MAX_RETRY_MILLIS, parser.retryMillis().orElse(DEFAULT_RETRY_MILLIS));
  }

  /** One stream, from its hello to its end. */
  private final class Follower {
    private final Map<String, Follow> open;
    private final ByteQueue body;
    private final SseParser parser;
    private final List<Pulled> items = new ArrayList<>();
    private Optional<UUID> identity = Optional.empty();
    private boolean over;

    Follower(Map<String, Follow> open, ByteQueue body, SseParser parser) {
      this.open = open;
      this.body = body;
      this.parser = parser;
    }

    void follow() throws GatewayException, InterruptedException {
      while (!over) {
        read();
        if (!items.isEmpty()) {
          UUID from =
              identity.orElseThrow(
                  () -> GatewayException.invalidAnswer("the stream does not begin with hello"));
          List<Pulled> batch = List.copyOf(items);
          items.clear();
          // Until it is taken over, nothing more is asked for: the gateway slows down.
          sync.change(
              ledger -> {
                ledger.pulled(from, open.keySet(), batch);
                return true;
              });
        }
      }
    }

    private void read() throws GatewayException, InterruptedException {
      try {
        do {
          ByteBuffer bytes = body.take(silence);
          if (bytes == null) {
            throw GatewayException.unreachable("the stream ended");
          }
          for (SseMessage message : parser.feed(bytes)) {
            message(message);
            if (over) {
              return;
            }
          }
        } while (body.ready() && items.size() < BATCH);
      } catch (IOException e) {
        throw GatewayException.unreachable("the stream broke: " + e.getMessage());
      } catch (IllegalStateException e) {
        throw GatewayException.invalidAnswer(String.valueOf(e.getMessage()));
      }
    }

    private void message(SseMessage message) throws GatewayException, InterruptedException {
      switch (message.event()) {
        case "message" -> items.add(Answers.event(message.data()));
        case "hello" -> hello(Answers.fields(message.data()));
        case "caught-up" ->
            items.add(new Pulled.UpTo(Answers.fields(message.data()).number("position"), true));
        case "checkpoint" ->
            items.add(new Pulled.UpTo(Answers.fields(message.data()).number("position"), false));
        case "reset" -> reset();
        case "reauthenticate" -> {
          sync.gateways().forgetToken();
          again(message, 0);
        }
        case "reconnect" -> {
          sync.gateways().rotate();
          again(message, retryMillis(parser));
        }
        case "problem" ->
            throw Answers.problem(200, HttpHeaders.of(Map.of(), (a, b) -> true), message.data());
        default -> {} // A newer gateway's.
      }
    }

    private void hello(Answers.Fields hello) throws GatewayException, InterruptedException {
      UUID now = hello.logIdentity();
      if (!sync.requireSameLog(now)) {
        over = true;
        return;
      }
      identity = Optional.of(now);
      sync.pullLink(refusals().orElse(Link.UP));
      long head = hello.number("head");
      for (Map.Entry<String, Follow> entry : open.entrySet()) {
        Follow follow = entry.getValue();
        if (follow.latestOnly() && head - follow.position() > TOO_FAR_BEHIND) {
          over = true;
          latest(entry.getKey());
        }
      }
    }

    /** The stream ends well, and another takes its place. */
    private void again(SseMessage message, long waitMillis)
        throws GatewayException, InterruptedException {
      over = true;
      shortStreams = identity.isPresent() && !items.isEmpty() ? 0 : shortStreams + 1;
      if (shortStreams > 3) {
        shortStreams = 0;
        throw GatewayException.of(0, "RECONNECT", message.event() + ": " + message.data());
      }
      Thread.sleep(waitMillis);
    }

    /** The log is another one, or shorter than what was pulled of it. */
    private void reset() throws GatewayException, InterruptedException {
      over = true;
      items.clear();
      Answers.Fields head = Answers.fields(sync.gateways().get("/v1/head"));
      if (!sync.requireSameLog(head.logIdentity())) {
        return;
      }
      long at = head.number("head");
      if (open.values().stream().allMatch(follow -> follow.position() <= at)) {
        throw GatewayException.of(0, "RESET", "the gateway is behind what was pulled");
      }
      sync.change(
          ledger -> {
            ledger.rereadFromStart();
            return true;
          });
    }
  }
}
