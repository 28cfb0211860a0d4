package io.varve.gateway.sse;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpResponseWriter;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One client's stream: what it is still to be sent, and how it comes by more.
 *
 * <p>Either it lacks events, and fetches them a page at a time, the next once its client has taken
 * most of the last; or it is live, and its feed offers it each event. One that cannot take what it
 * is offered lacks events again. {@code upTo} is its whole memory: everything it selects up to
 * there was queued, nothing behind it.
 *
 * <p>The connection takes one piece at a time and says when it has: what lies in between is bounded
 * by that piece and the queue, and those by the stream's share. Thread-safe.
 */
final class ClientStream {

  /** How much goes to the connection at once, in bytes; a larger event goes alone. */
  private static final int PIECE_BYTES = 64 << 10;

  private enum Mode {
    /** It lacks events, and will fetch some when there is room. */
    BEHIND,
    /** It waits for a page, or to join its feed. */
    FETCHING,
    /** Its feed offers it what comes. */
    LIVE,
    /** It must say nothing of the log any more. */
    HALTED,
    /** It says its last words. */
    ENDING,
    /** It is over. */
    ENDED
  }

  private final Hub hub;
  private final History history;
  private final Selection selection;
  private final EventLoop loop;
  private final HttpResponseWriter out;

  // Touched by the hub's thread only.
  @Nullable Feed feed;
  @Nullable Session session;
  final Backoff backoff = new Backoff();
  private boolean toldOfExpiry;

  // Guarded by this.
  private final Deque<Frame> queue = new ArrayDeque<>();
  private Mode mode = Mode.BEHIND;
  private long upTo;
  private long told;
  private long toldNanos = System.nanoTime();
  private boolean wantsCaughtUp = true;
  private long liveBehind = Long.MAX_VALUE;
  private int queuedBytes;
  private int piece;
  private boolean scheduled;
  private long activeNanos = System.nanoTime();
  private long endingNanos;
  private int typicalBytes = CatchUp.TYPICAL_BYTES;

  /**
   * A stream that waits to be started.
   *
   * @param after it lacks everything behind this position
   * @param loop the connection's thread
   * @param out where it writes; headers have been written
   */
  ClientStream(
      Hub hub,
      History history,
      Selection selection,
      long after,
      EventLoop loop,
      HttpResponseWriter out) {
    this.hub = hub;
    this.history = history;
    this.selection = selection;
    this.upTo = after;
    this.told = after;
    this.loop = loop;
    this.out = out;
  }

  Selection selection() {
    return selection;
  }

  History history() {
    return history;
  }

  synchronized long upTo() {
    return upTo;
  }

  synchronized int typicalBytes() {
    return typicalBytes;
  }

  /** Whether it lacks events that exist. */
  synchronized boolean isBehind() {
    return mode == Mode.BEHIND || mode == Mode.FETCHING;
  }

  /** What lies here for its client, in bytes. */
  synchronized int bufferedBytes() {
    return queuedBytes + piece;
  }

  /** How long its client has taken nothing though there is something, in nanoseconds. */
  synchronized long stalledNanos(long nowNanos) {
    return piece > 0 ? nowNanos - activeNanos : 0;
  }

  // ---- events ----

  /** Says first words, and begins to fetch. */
  synchronized void start(List<Frame> first) {
    if (mode == Mode.ENDED) {
      return; // It went before it was its turn.
    }
    first.forEach(this::add);
    schedule();
  }

  /** A page that was fetched. */
  void page(CatchUp.Page page) {
    synchronized (this) {
      if (mode != Mode.FETCHING) {
        return;
      }
      long size = 0;
      for (Frame frame : page.frames()) {
        add(frame);
        size += frame.size();
      }
      if (!page.frames().isEmpty()) {
        typicalBytes = (int) (size / page.frames().size());
      }
      upTo = Math.max(upTo, page.upTo());
      tellPassed(System.nanoTime());
      mode = Mode.BEHIND;
    }
    schedule();
  }

  /**
   * The feed has all that it lacks.
   *
   * @return whether it follows the feed from now on
   */
  boolean live(List<Frame> frames, long feedUpTo, boolean feedCaughtUp) {
    synchronized (this) {
      if (mode != Mode.FETCHING) {
        return false;
      }
      frames.forEach(this::add);
      upTo = Math.max(upTo, feedUpTo);
      liveBehind = upTo;
      mode = Mode.LIVE;
      if (feedCaughtUp) {
        tellCaughtUp();
      }
    }
    schedule();
    return true;
  }

  /**
   * The next event it selects.
   *
   * @return false if it does not follow the feed any more
   */
  boolean offer(Frame frame) {
    synchronized (this) {
      if (mode != Mode.LIVE) {
        return false;
      }
      if (frame.position() <= upTo) {
        // It had read further than the feed was.
        return true;
      }
      int held = queuedBytes + piece;
      if (held > 0 && held + frame.size() > hub.share()) {
        upTo = frame.position() - 1;
        liveBehind = Long.MAX_VALUE;
        wantsCaughtUp = true;
        mode = Mode.BEHIND;
      } else {
        add(frame);
        upTo = frame.position();
      }
    }
    schedule();
    return isLive();
  }

  /** The feed has caught up with the log. */
  boolean caughtUp(long position) {
    synchronized (this) {
      if (mode != Mode.LIVE) {
        return false;
      }
      upTo = Math.max(upTo, position);
      tellCaughtUp();
    }
    schedule();
    return true;
  }

  /** The feed has come so far. */
  boolean passed(long position, long nowNanos) {
    synchronized (this) {
      if (mode != Mode.LIVE) {
        return false;
      }
      upTo = Math.max(upTo, position);
      tellPassed(nowNanos);
    }
    if (hasWork()) {
      schedule();
    }
    return true;
  }

  private synchronized boolean isLive() {
    return mode == Mode.LIVE;
  }

  private void tellCaughtUp() {
    if (wantsCaughtUp) {
      wantsCaughtUp = false;
      add(Frame.caughtUp(upTo));
      told(upTo, System.nanoTime());
    }
  }

  private void tellPassed(long nowNanos) {
    long skipped = upTo - told;
    boolean due =
        skipped >= Math.max(1, hub.options().checkpointPositions() / 2)
            || (skipped > 0
                && nowNanos - toldNanos >= hub.options().checkpointInterval().toNanos());
    // A client that takes nothing is told when it does: words for it must not pile up.
    if (due && queuedBytes == 0) {
      add(Frame.checkpoint(upTo));
      told(upTo, nowNanos);
    }
  }

  private void told(long position, long nowNanos) {
    told = position;
    toldNanos = nowNanos;
  }

  private void add(Frame frame) {
    queue.addLast(frame);
    queuedBytes += frame.size();
    hub.buffered(frame.size());
    if (frame.position() > 0) {
      told(frame.position(), System.nanoTime());
    }
  }

  // ---- time ----

  /** Looks after what time brings. Called by the hub's thread. */
  void tick(long nowNanos, Instant now) {
    StreamOptions options = hub.options();
    boolean cut = false;
    synchronized (this) {
      boolean silent =
          nowNanos - activeNanos >= options.heartbeat().toNanos() && piece == 0 && queue.isEmpty();
      if (silent && mode != Mode.ENDING && mode != Mode.ENDED) {
        activeNanos = nowNanos;
        add(Frame.HEARTBEAT);
      }
      cut =
          stalledNanos(nowNanos) >= options.stallLimit().toNanos()
              || (mode == Mode.ENDING && nowNanos - endingNanos >= options.drain().toNanos());
    }
    if (cut) {
      cut();
      return;
    }
    Session known = session;
    if (known != null && known.expires().isPresent()) {
      Instant expires = known.expires().get();
      Duration left = Duration.between(now, expires);
      if (left.isNegative() || left.isZero()) {
        end(List.of(Frame.reauthenticate(expires)));
      } else if (!toldOfExpiry && left.compareTo(options.expiryNotice()) <= 0) {
        toldOfExpiry = true;
        synchronized (this) {
          if (mode != Mode.ENDING && mode != Mode.ENDED && mode != Mode.HALTED) {
            add(Frame.reauthenticate(expires));
          }
        }
      }
    }
    if (hasWork()) {
      schedule();
    }
  }

  private synchronized boolean hasWork() {
    return !queue.isEmpty();
  }

  /** Does without the notice: the token was about to end when the stream began. */
  void expectExpiry() {
    toldOfExpiry = true;
  }

  // ---- ending ----

  /** Says nothing of the log any more; {@link #end} is to follow. */
  synchronized void halt() {
    if (mode != Mode.ENDING && mode != Mode.ENDED) {
      clear();
      mode = Mode.HALTED;
    }
  }

  /**
   * Says last words and ends. What has not gone out yet is left out: the client resumes behind what
   * it has got.
   */
  void end(List<Frame> last) {
    synchronized (this) {
      if (mode == Mode.ENDING || mode == Mode.ENDED) {
        return;
      }
      clear();
      last.forEach(this::add);
      mode = Mode.ENDING;
      endingNanos = System.nanoTime();
    }
    schedule();
  }

  /** Ends the connection, or the stream of it, at once. */
  void cut() {
    out.abort();
  }

  /** The connection has ended, from whichever side. */
  synchronized void ended() {
    clear();
    hub.buffered(-piece);
    piece = 0;
    mode = Mode.ENDED;
  }

  private void clear() {
    queue.clear();
    hub.buffered(-queuedBytes);
    queuedBytes = 0;
  }

  // ---- the connection ----

  private void schedule() {
    synchronized (this) {
      if (scheduled) {
        return;
      }
      scheduled = true;
    }
    loop.execute(this::drain);
  }

  /**
   * Hands the next piece to the connection if it has taken the last. On the connection's thread.
   */
  private void drain() {
    List<Frame> taken;
    boolean close = false;
    boolean fetch = false;
    long live;
    synchronized (this) {
      scheduled = false;
      taken = piece > 0 ? List.of() : take();
      live = liveBehind;
      if (mode == Mode.ENDING && taken.isEmpty() && piece == 0) {
        mode = Mode.ENDED;
        close = true;
      }
      if (mode == Mode.BEHIND && queuedBytes + piece <= hub.share() / 2) {
        mode = Mode.FETCHING;
        fetch = true;
      }
    }
    if (fetch) {
      hub.fetchSoon(this);
    }
    if (close) {
      out.close();
    } else if (!taken.isEmpty()) {
      write(taken, live);
    }
  }

  private List<Frame> take() {
    List<Frame> taken = new ArrayList<>();
    int bytes = 0;
    for (Frame next = queue.peekFirst(); next != null; next = queue.peekFirst()) {
      if (bytes > 0 && bytes + next.size() > PIECE_BYTES) {
        break;
      }
      taken.add(queue.removeFirst());
      bytes += next.size();
    }
    queuedBytes -= bytes;
    piece = bytes;
    if (bytes > 0) {
      activeNanos = System.nanoTime();
    }
    return taken;
  }

  private void write(List<Frame> frames, long live) {
    HttpData data = joined(frames);
    if (!out.tryWrite(data)) {
      // It is over; whoever waits for that is told by the connection.
      return;
    }
    CompletableFuture<Void> unused =
        out.whenConsumed()
            .handle(
                (consumed, failure) -> {
                  consumed();
                  return null;
                });
    int events = 0;
    Instant now = hub.now();
    for (Frame frame : frames) {
      if (frame.recorded().isPresent()) {
        events++;
        if (frame.position() > live) {
          hub.metrics().delivered(frame.recorded().get(), now);
        }
      }
    }
    hub.metrics().sent(events, data.length());
  }

  /** A single frame goes out as it is, shared with other streams. */
  private static HttpData joined(List<Frame> frames) {
    if (frames.size() == 1) {
      return frames.get(0).data();
    }
    int length = 0;
    for (Frame frame : frames) {
      length += frame.data().length();
    }
    byte[] all = new byte[length];
    int at = 0;
    for (Frame frame : frames) {
      byte[] part = frame.data().array();
      System.arraycopy(part, 0, all, at, part.length);
      at += part.length;
    }
    return HttpData.wrap(all);
  }

  private void consumed() {
    synchronized (this) {
      hub.buffered(-piece);
      piece = 0;
      activeNanos = System.nanoTime();
      scheduled = true;
    }
    drain();
  }
}
