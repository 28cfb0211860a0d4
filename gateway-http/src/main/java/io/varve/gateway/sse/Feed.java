package io.varve.gateway.sse;

import io.varve.client.Event;
import io.varve.client.Head;
import io.varve.client.ReadConsistency;
import io.varve.client.SubscribeOptions;
import io.varve.client.SubscriptionItem;
import io.varve.gateway.problem.Problems;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One upstream subscription, and the streams that follow it live. It begins at the head; what lies
 * before, streams read for themselves. Everything happens on the hub's thread, so an event is
 * offered to each member exactly once, between the events before and behind it.
 */
final class Feed {
  private static final Logger LOG = LoggerFactory.getLogger(Feed.class);

  /** Items under way from the client to the hub's thread; the client fetches no more than those. */
  private static final int DEMAND = 8;

  private final Hub hub;
  private final History history;
  private final Selection selection;
  private final long ringBytes;
  private final int sweepPositions;
  private final Members members;
  private final List<ClientStream> waiting = new ArrayList<>();
  private final Backoff backoff = new Backoff();

  private @Nullable Ring ring;
  private @Nullable Upstream upstream;
  private long upTo;
  private long sweptUpTo;
  private boolean caughtUp;
  private boolean closed;
  private int attached;
  private long idleSinceNanos = System.nanoTime();

  Feed(Hub hub, History history, Selection selection, long ringBytes, int checkpointPositions) {
    this.hub = hub;
    this.history = history;
    this.selection = selection;
    this.ringBytes = ringBytes;
    this.sweepPositions = Math.max(1, checkpointPositions / 4);
    this.members = new Members(selection);
  }

  // ---- for streams ----

  boolean isClosed() {
    return closed;
  }

  /** A stream will come back to this feed whenever it has caught up. */
  void attach() {
    attached++;
  }

  /** A stream has ended. */
  void detach(ClientStream stream) {
    attached--;
    members.remove(stream);
    waiting.remove(stream);
    idleSinceNanos = System.nanoTime();
  }

  /** Whether no stream has needed it for a time. */
  boolean isIdle(Duration linger, long nowNanos) {
    return attached == 0 && nowNanos - idleSinceNanos >= linger.toNanos();
  }

  /** What became of a wish to join. */
  enum Join {
    /** The stream was given what it lacked and is a member now, or got the next part of it. */
    SERVED,
    /** The feed is not open yet; the stream will fetch again when it is. */
    WAITS,
    /** What the stream lacks is not in memory: it has to be read. */
    MISSED
  }

  /** Makes a stream a member if what it lacks is in memory. */
  Join join(ClientStream stream) {
    Ring recent = ring;
    if (recent == null) {
      waiting.add(stream);
      return Join.WAITS;
    }
    long after = stream.upTo();
    if (after < recent.floor()) {
      return Join.MISSED;
    }
    List<Frame> frames = new ArrayList<>();
    int bytes = 0;
    for (Ring.Recent event : recent.after(after, stream.selection()::includes)) {
      Frame frame = event.frame();
      if (bytes > 0 && bytes + frame.size() > hub.share()) {
        stream.page(new CatchUp.Page(frames, frames.get(frames.size() - 1).position()));
        return Join.SERVED;
      }
      frames.add(frame);
      bytes += frame.size();
    }
    if (stream.live(frames, upTo, caughtUp)) {
      members.add(stream);
    }
    return Join.SERVED;
  }

  /** How far it is: a read must reach that for the stream to join. */
  long upTo() {
    return upTo;
  }

  /** Tells members how far the log is without anything for them. */
  void sweep(long nowNanos) {
    sweptUpTo = upTo;
    if (ring != null) {
      members.tell(stream -> stream.passed(upTo, nowNanos));
    }
  }

  // ---- upstream ----

  /** Begins at the head. */
  void open() {
    if (closed) {
      return;
    }
    CompletableFuture<Void> unused =
        history
            .client
            .headAsync(ReadConsistency.local())
            .thenApply(Head::position)
            .handle(
                (head, failure) -> {
                  hub.execute(
                      () -> {
                        if (failure == null) {
                          opened(head);
                        } else {
                          failed(failure, this::open);
                        }
                      });
                  return null;
                });
  }

  private void opened(long head) {
    if (closed) {
      return;
    }
    ring = new Ring(ringBytes, head);
    upTo = head;
    sweptUpTo = head;
    subscribe();
    List<ClientStream> waited = List.copyOf(waiting);
    waiting.clear();
    waited.forEach(hub::fetch);
  }

  private void subscribe() {
    if (closed) {
      return;
    }
    SubscribeOptions options = selection.subscription().orElseThrow().afterPosition(upTo).build();
    Upstream begun = new Upstream();
    upstream = begun;
    history.client.subscribe(options).subscribe(begun);
  }

  private void take(SubscriptionItem item) {
    backoff.reset();
    if (item instanceof Event event) {
      Ring.Recent recent = Objects.requireNonNull(ring, "ring").add(event);
      upTo = event.position();
      members.offer(event, recent::frame);
    } else if (item instanceof SubscriptionItem.CaughtUp caught) {
      upTo = Math.max(upTo, caught.position());
      caughtUp = true;
      members.tell(stream -> stream.caughtUp(upTo));
    } else if (item instanceof SubscriptionItem.Checkpoint checkpoint) {
      upTo = Math.max(upTo, checkpoint.position());
    }
    if (upTo - sweptUpTo >= sweepPositions) {
      sweep(System.nanoTime());
    }
  }

  /** The client goes on with another node by itself; what it gives up is tried again from here. */
  private void failed(Throwable failure, Runnable again) {
    if (closed) {
      return;
    }
    hub.noticed(history, failure);
    if (history.isOver()) {
      close();
    } else if (Retries.isWorthwhile(failure)) {
      LOG.info("an upstream subscription is tried again: {}", Problems.unwrap(failure).toString());
      hub.later(again, backoff.next());
    } else {
      List<ClientStream> followers = new ArrayList<>(members.dismiss());
      followers.addAll(waiting);
      waiting.clear();
      close();
      followers.forEach(stream -> hub.fail(stream, failure));
    }
  }

  void close() {
    closed = true;
    Upstream begun = upstream;
    upstream = null;
    if (begun != null) {
      begun.cancel();
    }
    history.feeds.remove(selection, this);
  }

  /** Hands what the client delivers to the hub's thread, a few items at a time. */
  private final class Upstream implements Flow.Subscriber<SubscriptionItem> {
    private Flow.@Nullable Subscription subscription;

    @Override
    public void onSubscribe(Flow.Subscription begun) {
      subscription = begun;
      begun.request(DEMAND);
    }

    @Override
    public void onNext(SubscriptionItem item) {
      hub.execute(
          () -> {
            if (upstream == this) {
              take(item);
              Objects.requireNonNull(subscription, "subscription").request(1);
            }
          });
    }

    @Override
    public void onError(Throwable failure) {
      hub.execute(
          () -> {
            if (upstream == this) {
              upstream = null;
              failed(failure, Feed.this::subscribe);
            }
          });
    }

    @Override
    public void onComplete() {
      // The client was closed: the history is over, or the gateway stops.
      hub.execute(
          () -> {
            if (upstream == this) {
              close();
            }
          });
    }

    void cancel() {
      if (subscription != null) {
        subscription.cancel();
      }
    }
  }
}
