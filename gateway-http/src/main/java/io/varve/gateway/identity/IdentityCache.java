package io.varve.gateway.identity;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.varve.client.Event;
import io.varve.client.Head;
import io.varve.client.LatestPage;
import io.varve.client.ReadConsistency;
import io.varve.client.SubscribeOptions;
import io.varve.client.Subscription;
import io.varve.client.SubscriptionListener;
import io.varve.client.VarveClient;
import io.varve.gateway.cluster.Cluster;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the log says about clients and tokens, kept a while. One subscription follows the records,
 * so that a change acts here as soon as the log has it; what was read is kept only while that
 * subscription stands, and never if the read may have missed what the subscription has shown
 * already. Thread-safe; never blocks.
 */
final class IdentityCache implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(IdentityCache.class);

  /** The most keys kept: two for each client that is at work, less than 1 KiB each. */
  static final int MAX_KEYS = 50_000;

  /** However quiet the subscription is, nothing is believed for longer than this. */
  private static final Duration LIFETIME = Duration.ofMinutes(5);

  /** How soon a subscription that failed is started again. */
  private static final long RESTART_MILLIS = 500;

  private static final long NOT_FOLLOWING = Long.MAX_VALUE;

  private final Cluster cluster;
  private final ScheduledExecutorService timer;
  private final Cache<String, Entry> entries =
      Caffeine.newBuilder().maximumSize(MAX_KEYS).expireAfterWrite(LIFETIME).build();
  private final ConcurrentMap<String, CompletableFuture<Fact>> reads = new ConcurrentHashMap<>();

  // Guarded by this.

  /** Position of the newest record that the subscription has shown, or where it started. */
  private long shown = NOT_FOLLOWING;

  private long attempt;
  private @Nullable Subscription subscription;
  private boolean closed;

  /**
   * A cache that is empty.
   *
   * @param timer starts the subscription again when it has failed
   */
  IdentityCache(Cluster cluster, ScheduledExecutorService timer) {
    this.cluster = cluster;
    this.timer = timer;
    cluster.onReplaced(this::restart);
    restart();
  }

  /**
   * What the log says under a key: no older than a read that began a moment ago, or than what the
   * subscription has shown.
   */
  CompletableFuture<Fact> newest(String key) {
    Entry entry = entries.getIfPresent(key);
    if (entry != null) {
      return CompletableFuture.completedFuture(entry.fact);
    }
    CompletableFuture<Fact> mine = new CompletableFuture<>();
    CompletableFuture<Fact> running = reads.putIfAbsent(key, mine);
    if (running != null) {
      return running;
    }
    CompletableFuture<Void> unused =
        cluster
            .call(client -> client.readLatestPageAsync(IdentityRecords.latest(key)))
            .handle(
                (page, failure) -> {
                  reads.remove(key, mine);
                  if (failure == null) {
                    mine.complete(keep(key, page));
                  } else {
                    mine.completeExceptionally(failure);
                  }
                  return null;
                });
    return mine;
  }

  /** Something that this gateway itself has appended: it holds here at once. */
  void learn(String key, Fact fact, long position) {
    put(key, fact, position);
    reads.remove(key);
  }

  @Override
  public void close() {
    Subscription last;
    synchronized (this) {
      closed = true;
      attempt++;
      shown = NOT_FOLLOWING;
      last = subscription;
      subscription = null;
    }
    if (last != null) {
      last.close();
    }
  }

  private synchronized Fact keep(String key, LatestPage page) {
    Fact fact = Fact.of(page.events());
    // A client that nobody knows may register with any gateway, and must be known at once then.
    boolean lasting = fact != Fact.Nothing.INSTANCE || key.startsWith(IdentityRecords.TOKEN_PREFIX);
    if (lasting && page.asOf() >= shown) {
      put(key, fact, page.asOf());
    }
    return fact;
  }

  /** Never puts an older fact in the place of a newer one. */
  private void put(String key, Fact fact, long asOf) {
    Entry entry = new Entry(fact, asOf);
    entries.asMap().merge(key, entry, (old, next) -> old.asOf >= next.asOf ? old : next);
  }

  private synchronized void show(long of, Event event) {
    if (of != attempt) {
      return;
    }
    shown = event.position();
    learn(event.key(), Fact.of(event), event.position());
  }

  /** Forgets everything and follows anew. */
  private void restart() {
    Subscription last;
    long mine;
    synchronized (this) {
      if (closed) {
        return;
      }
      mine = ++attempt;
      shown = NOT_FOLLOWING;
      last = subscription;
      subscription = null;
      entries.invalidateAll();
      reads.clear();
    }
    if (last != null) {
      last.close();
    }
    VarveClient client = cluster.client();
    CompletableFuture<Void> unused =
        client
            .headAsync(ReadConsistency.local())
            .handle(
                (head, failure) -> {
                  if (failure == null) {
                    follow(mine, client, head);
                  } else {
                    lost(mine, client, failure);
                  }
                  return null;
                });
  }

  private synchronized void follow(long mine, VarveClient client, Head head) {
    if (mine != attempt) {
      return;
    }
    shown = head.position();
    subscription =
        client.subscribe(
            SubscribeOptions.builder()
                .source(ReservedSources.IDENTITY)
                .afterPosition(head.position())
                .build(),
            new SubscriptionListener() {
              @Override
              public void onEvent(Event event) {
                show(mine, event);
              }

              @Override
              public void onError(Throwable error) {
                lost(mine, client, error);
              }
            });
  }

  private void lost(long mine, VarveClient client, Throwable failure) {
    synchronized (this) {
      if (mine != attempt) {
        return;
      }
      shown = NOT_FOLLOWING;
      entries.invalidateAll();
    }
    LOG.info("cannot follow the identity records, trying again: {}", failure.toString());
    cluster.noticed(client, failure);
    try {
      var unused =
          timer.schedule(
              () -> {
                if (isCurrent(mine)) {
                  restart();
                }
              },
              RESTART_MILLIS,
              TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException e) {
      LOG.debug("closed meanwhile", e);
    }
  }

  private synchronized boolean isCurrent(long mine) {
    return mine == attempt && !closed;
  }

  /**
   * A fact.
   *
   * @param asOf nothing about its key has changed up to this position
   */
  private record Entry(Fact fact, long asOf) {}
}
