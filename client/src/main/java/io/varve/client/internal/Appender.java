package io.varve.client.internal;

import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.varve.client.AppendResult;
import io.varve.client.ClientClosedException;
import io.varve.client.DeadlineExceededException;
import io.varve.client.FateUnknownException;
import io.varve.client.InternalException;
import io.varve.client.InvalidArgumentException;
import io.varve.client.OriginDivergedException;
import io.varve.client.OutcomeUnknownException;
import io.varve.client.OverloadedException;
import io.varve.client.SequenceGapException;
import io.varve.client.UnavailableException;
import io.varve.client.VarveException;
import io.varve.proto.v1.AppendStreamResponse;
import io.varve.proto.v1.Error;
import io.varve.proto.v1.ErrorCode;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends appends over one stream to the leader and finds an answer for each.
 *
 * <p>All state belongs to one network thread, the one that also carries the stream; callers only
 * enqueue and, if need be, wake it. So there are no locks, and whatever is handed in while that
 * thread is busy goes out together.
 *
 * <p>Order: appends wait in {@link #pending}, move to {@link #sent} in that order, and are answered
 * in that order. Those that must be sent again go back to the front of {@code pending}, in that
 * order, after everything sent has been answered or its stream has ended. Nothing newer is sent
 * meanwhile.
 *
 * <p>Truth: an append that was handed to a stream and has no certain answer is {@code maybeLanded}
 * until a later attempt is answered. It never fails as "not appended".
 */
final class Appender {

  private static final Logger LOG = LoggerFactory.getLogger(Appender.class);

  /** Bytes sent and not answered; a single larger append goes alone. */
  private static final long MAX_SENT_BYTES = 16 << 20;

  /** Bytes waiting to be sent; a single larger append may wait alone. */
  private static final long MAX_QUEUED_BYTES = 64 << 20;

  /** A larger request would break the connection instead of being refused by the log's limits. */
  private static final int MAX_APPEND_BYTES = 12 << 20;

  /** A stream that answers nothing for this long makes the client ask the others who leads. */
  private static final long SUSPECT_NANOS = TimeUnit.MILLISECONDS.toNanos(1500);

  /** How soon it asks them again. */
  private static final long SUSPECT_AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  /** How often, while there are appends, it makes sure that it still speaks to the leader. */
  private static final long CONFIRM_NANOS = TimeUnit.SECONDS.toNanos(5);

  /** An answer this much overdue means that the node is broken. */
  private static final long OVERDUE_NANOS = TimeUnit.SECONDS.toNanos(2);

  /** How much of an append's deadline is left for the node's own answer to arrive in. */
  private static final long MAX_MARGIN_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

  /** How long closing waits for callers' code that holds up the append thread. */
  private static final long MAX_CLOSE_SECONDS = 2;

  private enum State {
    /** No stream, and no need for one. */
    IDLE,
    /** Looking for the leader. */
    SEARCHING,
    /** The stream is being opened. */
    OPENING,
    /** The stream takes appends. */
    OPEN,
    /** No stream; waiting before the next attempt. */
    WAITING,
    /** For good. */
    CLOSED
  }

  private final Nodes nodes;
  private final LogState log;
  private final Transport transport;
  private final Completions completions;
  private final EventLoop loop;
  private final int window;
  private final int maxOpen;
  private final int maxAttempts;

  // Any thread.
  private final Queue<AppendOp> arrivals = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean awake = new AtomicBoolean();
  private final AtomicInteger openCount = new AtomicInteger();
  private final AtomicLong openBytes = new AtomicLong();
  private volatile boolean closing;

  // The append thread only.
  private final UuidSource uuids = new UuidSource();
  private final ArrayDeque<AppendOp> pending = new ArrayDeque<>();
  private final ArrayDeque<AppendOp> sent = new ArrayDeque<>();
  private final List<AppendOp> again = new ArrayList<>();
  private final Backoff backoff;
  private State state = State.IDLE;
  private @Nullable Stream stream;
  private @Nullable Address channelAddress;
  private @Nullable ManagedChannel channel;
  private long sentBytes;
  private byte @Nullable [] encodedLog;
  private ByteString encodedIdentity = ByteString.EMPTY;

  /** Nothing is sent until what was sent is answered; set with {@link #again} or when moving. */
  private boolean holding;

  private long holdNanos;

  /** Why there is no stream now, if one was sought. */
  private @Nullable Failure trouble;

  /** The node ends the stream once everything sent is answered, for this reason. */
  private @Nullable Failure ending;

  private @Nullable Address moveTo;
  private @Nullable Address next;
  private boolean moveLeads;
  private boolean checkingLeader;
  private boolean needsHead;
  private long lastAnswerNanos;
  private long confirmedNanos;
  private long timerNanos;
  private @Nullable Future<?> timer;
  private @Nullable Future<?> wait;
  private @Nullable Future<?> openTimer;

  Appender(
      Nodes nodes,
      LogState log,
      Transport transport,
      Completions completions,
      ClientSettings settings) {
    this.nodes = nodes;
    this.log = log;
    this.transport = transport;
    this.completions = completions;
    this.loop = transport.appendLoop();
    this.window = settings.appendWindow();
    this.maxOpen = settings.appendWindow() + settings.appendQueue();
    this.maxAttempts = settings.retry().maxAttempts();
    this.backoff = new Backoff(settings.retry());
    nodes.onLeader(() -> execute(this::leaderHeard));
  }

  // ---- any thread ----

  /** Takes an append in. Returns its future. */
  AppendOp append(AppendOp op) {
    if (op.size() > MAX_APPEND_BYTES) {
      op.open = false;
      completions.fail(
          op,
          new InvalidArgumentException(
              "the append is "
                  + op.size()
                  + " bytes encoded, more than any node takes: "
                  + MAX_APPEND_BYTES,
              "append.events"));
      return op;
    }
    int count = openCount.incrementAndGet();
    long bytes = openBytes.addAndGet(op.size());
    if (count > maxOpen || (bytes > MAX_SENT_BYTES + MAX_QUEUED_BYTES && count > 1)) {
      openCount.decrementAndGet();
      openBytes.addAndGet(-op.size());
      op.open = false;
      completions.fail(
          op,
          new OverloadedException(
              "this client has "
                  + (count - 1)
                  + " appends of "
                  + (bytes - op.size())
                  + " bytes outstanding; at most "
                  + maxOpen
                  + " and "
                  + (MAX_SENT_BYTES + MAX_QUEUED_BYTES)
                  + " bytes",
              Duration.ZERO));
      return op;
    }
    arrivals.add(op);
    wake();
    return op;
  }

  private void wake() {
    // The plain read keeps callers that find it awake from fighting over one cache line.
    if (!awake.get() && awake.compareAndSet(false, true) && !execute(this::run)) {
      failArrivals();
    }
  }

  private boolean execute(Runnable task) {
    try {
      loop.execute(Transport.guarded(task));
      return true;
    } catch (RejectedExecutionException shutDown) {
      return false;
    }
  }

  /** After the thread is gone: whoever still hands in gets an answer too. */
  private void failArrivals() {
    AppendOp op;
    while ((op = arrivals.poll()) != null) {
      completions.fail(op, new ClientClosedException("the client is closed"));
    }
    awake.set(false);
  }

  /** Fails everything; completes nothing afterwards. */
  void close() {
    closing = true;
    if (loop.inEventLoop()) {
      // Not from within a callback of ours: it may be walking what this would change.
      execute(this::shutDown);
    } else {
      try {
        if (!loop.submit(this::shutDown).await(MAX_CLOSE_SECONDS, TimeUnit.SECONDS)) {
          LOG.warn("the append thread is busy, perhaps in a caller's code; closing goes on");
        }
      } catch (RejectedExecutionException again) {
        // Closed before.
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  // ---- the append thread: taking in and sending ----

  private void run() {
    awake.set(false);
    AppendOp op;
    while ((op = arrivals.poll()) != null) {
      if (closing) {
        finish(op, new ClientClosedException("the client is closed"));
      } else {
        pending.add(op);
        timeOutAt(op.deadlineNanos);
      }
    }
    advance();
  }

  /** Does whatever can be done now. */
  private void advance() {
    switch (state) {
      case IDLE -> {
        if (!pending.isEmpty()) {
          search();
        }
      }
      case OPEN -> {
        if (holding) {
          release();
        } else {
          send();
        }
      }
      case SEARCHING, OPENING, WAITING, CLOSED -> {}
    }
  }

  private void send() {
    Stream to = stream;
    if (to == null || pending.isEmpty()) {
      return;
    }
    if (log.knownHead() == LogState.UNKNOWN || needsHead) {
      // The identity was forgotten, or our head is older than the window: ask before naming
      // appends.
      if (sent.isEmpty()) {
        needsHead = false;
        stream = null;
        to.abandon("asking for the head");
        search();
      }
      return;
    }
    long now = System.nanoTime();
    while (!pending.isEmpty()
        && sent.size() < window
        && (sentBytes < MAX_SENT_BYTES || sent.isEmpty())) {
      AppendOp op = pending.poll();
      if (!stillWanted(op, now)) {
        continue;
      }
      op.nameIfNeeded(uuids, log.knownHead());
      long remaining = op.deadlineNanos - now;
      // The node gives up a little before the caller does, so that its answer (which may be a
      // certain one) comes first.
      long node = remaining - Math.min(MAX_MARGIN_NANOS, remaining / 10);
      int millis =
          (int) Math.min(Math.max(1, TimeUnit.NANOSECONDS.toMillis(node)), Integer.MAX_VALUE);
      op.answerDueNanos = now + remaining;
      op.sends++;
      op.attempts++;
      if (sent.isEmpty()) {
        lastAnswerNanos = now;
        timeOutAt(now + SUSPECT_NANOS);
      }
      sent.add(op);
      sentBytes += op.size();
      to.call.sendMessage(new AppendFrame(encodedLog(), op.body, op.encodedId, millis));
    }
  }

  private byte[] encodedLog() {
    ByteString identity = log.identity();
    byte[] encoded = encodedLog;
    if (encoded == null || !identity.equals(encodedIdentity)) {
      encoded = AppendFrame.encodeLog(log.name(), identity);
      encodedIdentity = identity;
      encodedLog = encoded;
    }
    return encoded;
  }

  /** Whether it is worth sending; answers it if not. */
  private boolean stillWanted(AppendOp op, long now) {
    if (!op.open) {
      return false;
    }
    if (op.isDone()) { // cancelled by its caller
      discharge(op);
      return false;
    }
    if (op.deadlineNanos - now <= 0) {
      expire(op);
      return false;
    }
    return true;
  }

  // ---- answers ----

  private void answered(AppendStreamResponse response) {
    AppendOp op = sent.poll();
    if (op == null) {
      Stream from = stream;
      if (from != null) {
        from.abandon("an answer without a request");
        streamEnded(Failure.local("the node answered what was not asked"));
      }
      return;
    }
    sentBytes -= op.size();
    lastAnswerNanos = System.nanoTime();
    try {
      settle(op, response);
    } catch (RuntimeException fault) {
      // Whatever it is, the caller must not wait for ever.
      LOG.error("a node's answer makes no sense", fault);
      finish(op, op.outcomeUnknown("the node's answer makes no sense: " + fault, fault));
    }
    if (holding) {
      if (sent.isEmpty()) {
        release();
      }
    } else if (!pending.isEmpty()) {
      // Not at once: the answers that came with this one make room too.
      wake();
    }
  }

  private void settle(AppendOp op, AppendStreamResponse response) {
    switch (response.getOutcomeCase()) {
      case APPENDED -> {
        if (learn(op, response.getLogIdentity(), response.getAppended().getLastPosition())) {
          succeed(op, Convert.appended(response.getAppended()));
        }
      }
      case CONFLICT -> {
        if (learn(op, response.getLogIdentity(), 0)) {
          succeed(op, Convert.conflict(response.getConflict()));
        }
      }
      case ERROR -> refused(op, response.getError());
      case OUTCOME_NOT_SET ->
          finish(op, op.outcomeUnknown("the node gave no outcome this client knows", null));
    }
  }

  private boolean learn(AppendOp op, ByteString identity, long head) {
    try {
      log.learn(identity, head);
      return true;
    } catch (VarveException mismatch) {
      finish(op, mismatch);
      return false;
    }
  }

  private void succeed(AppendOp op, AppendResult result) {
    backoff.reset();
    if (op.open) {
      discharge(op);
      completions.complete(op, result);
    }
  }

  private void refused(AppendOp op, Error error) {
    Failure failure = Failure.of(error);
    op.lastFailure = failure;
    if (error.getCode() == ErrorCode.ERROR_CODE_OUTCOME_UNKNOWN
        || error.getCode() == ErrorCode.ERROR_CODE_INTERNAL) {
      // A fault of the node's own says nothing certain about the append either.
      op.maybeLanded = true;
    }
    if (error.getCode() == ErrorCode.ERROR_CODE_OUTCOME_UNKNOWN) {
      // The node ends the stream now, after it has turned away everything behind this append.
      ending = failure;
      holding = true;
    }
    if (failure.exception() instanceof FateUnknownException
        && op.naming == AppendOp.Naming.AUTOMATIC
        && op.sends == 1) {
      // Only the head we knew was too old (the client idled while others appended a whole window):
      // this attempt, the only one, certainly appended nothing, so it may get a newer name.
      op.unname();
      op.sends = 0;
      needsHead = true;
      sendAgain(op, 0);
    } else if (isBehindOneOfItsBuffer(op, failure) && op.open && op.attempts < maxAttempts) {
      sendAgain(op, 0);
    } else if (failure.retriable() && op.open && op.mayBeSentAgain() && op.attempts < maxAttempts) {
      sendAgain(op, failure.retryAfter().toNanos());
    } else {
      backoff.reset();
      giveUp(op, failure.exception());
    }
  }

  /**
   * Whether the numbers a run lacks are those of a run that was turned away before it, and will be
   * sent again before it too.
   */
  private boolean isBehindOneOfItsBuffer(AppendOp op, Failure failure) {
    if (!(failure.exception() instanceof SequenceGapException)) {
      return false;
    }
    for (AppendOp before : again) {
      if (before.open && before.isOfTheSameBuffer(op)) {
        return true;
      }
    }
    return false;
  }

  private void sendAgain(AppendOp op, long retryAfterNanos) {
    again.add(op);
    holding = true;
    holdNanos = Math.max(holdNanos, retryAfterNanos);
  }

  /** Everything sent is answered: turn to what must be sent again, or to another node. */
  private void release() {
    if (!sent.isEmpty() || wait != null) {
      return;
    }
    Stream from = stream;
    Failure end = ending;
    if (end != null && from != null) {
      from.abandon("the node ends it");
      streamEnded(end);
      return;
    }
    Address to = moveTo;
    if (to != null && from != null) {
      boolean leads = moveLeads;
      requeue();
      holding = false;
      from.abandon("moving to " + to);
      open(to, leads);
      return;
    }
    if (again.isEmpty()) {
      holding = false;
      send();
      return;
    }
    requeue();
    // The stream stays open meanwhile; if it ends, that is dealt with first.
    wait = schedule(this::resume, backoff.nextNanos(holdNanos));
    holdNanos = 0;
  }

  private void resume() {
    wait = null;
    if (state == State.WAITING) {
      state = State.IDLE;
    }
    holding = moveTo != null;
    advance();
  }

  /** Puts what must be sent again before everything newer, in its order. */
  private void requeue() {
    for (int i = again.size() - 1; i >= 0; i--) {
      pending.addFirst(again.get(i));
    }
    again.clear();
  }

  // ---- streams ----

  private void search() {
    Address known = next;
    if (known != null) {
      // Found already. (Its predecessor may still take itself for the leader, and answer first.)
      next = null;
      open(known, true);
      return;
    }
    state = State.SEARCHING;
    LeaderSearch.start(
        nodes,
        log,
        transport,
        null,
        new LeaderSearch.Callback() {
          @Override
          public void found(Address address, boolean leads) {
            execute(
                () -> {
                  if (state == State.SEARCHING) {
                    open(address, leads);
                  }
                });
          }

          @Override
          public void none(Failure failure) {
            execute(
                () -> {
                  if (state == State.SEARCHING) {
                    attemptFailed(failure);
                  }
                });
          }
        });
  }

  private void open(Address address, boolean leads) {
    if (leads) {
      nodes.leader(address);
    }
    moveTo = null;
    state = State.OPENING;
    if (channel == null || !address.equals(channelAddress)) {
      discardChannel();
      channel = transport.appendChannel(address);
      channelAddress = address;
    }
    Stream opened =
        new Stream(address, leads, channel.newCall(AppendFrame.METHOD, CallOptions.DEFAULT));
    stream = opened;
    opened.start();
    cancel(openTimer);
    openTimer =
        schedule(
            () -> {
              if (stream == opened && state == State.OPENING) {
                opened.abandon("not open in time");
                streamEnded(Failure.local(address + " accepts no stream in time"));
              }
            },
            transport.connectTimeout().toNanos());
  }

  private void opened(Stream ready) {
    if (stream == ready && state == State.OPENING) {
      LOG.debug("appending to {} ({})", ready.address, ready.leads ? "the leader" : "forwards");
      cancel(openTimer);
      state = State.OPEN;
      trouble = null;
      confirmedNanos = System.nanoTime();
      holding = false;
      send();
    }
  }

  private void discardChannel() {
    ManagedChannel old = channel;
    channel = null;
    channelAddress = null;
    if (old != null) {
      old.shutdownNow();
    }
  }

  /** The stream is gone: whatever it had not answered may or may not have landed. */
  private void streamEnded(Failure failure) {
    Stream ended = stream;
    if (ended == null) {
      return;
    }
    stream = null;
    ending = null;
    LOG.debug("append stream to {} ended: {}", ended.address, failure.exception().getMessage());
    if (!failure.fromServer()) {
      discardChannel();
      nodes.failed(ended.address);
    }
    boolean turnedDown =
        !ended.answeredAny
            && !failure.retriable()
            && !(failure.exception() instanceof InternalException);
    AppendOp op;
    while ((op = sent.poll()) != null) {
      sentBytes -= op.size();
      if (!op.open) {
        continue;
      }
      op.lastFailure = failure;
      if (turnedDown && !op.maybeLanded) {
        // The call as such (an unknown method, say): none of its appends was looked at.
        finish(op, failure.exception());
      } else {
        op.maybeLanded = true;
        if (op.mayBeSentAgain() && op.attempts < maxAttempts && !op.isDone()) {
          again.add(op);
        } else {
          giveUp(op, failure.exception());
        }
      }
    }
    requeue();
    attemptFailed(failure);
  }

  /** There is no stream now. Waits and tries again, as long as anybody wants it. */
  private void attemptFailed(Failure failure) {
    boolean opening = state == State.SEARCHING || state == State.OPENING;
    state = State.WAITING;
    trouble = failure;
    moveTo = null;
    if (opening) {
      // An attempt for everything that waits, though nothing was sent.
      pending.removeIf(
          op -> {
            op.lastFailure = failure;
            op.attempts++;
            if (failure.retriable() && op.attempts < maxAttempts) {
              return false;
            }
            giveUp(op, failure.exception());
            return true;
          });
    }
    cancelWait();
    long hold = Math.max(holdNanos, failure.retryAfter().toNanos());
    holdNanos = 0;
    wait = schedule(this::resume, backoff.nextNanos(hold));
  }

  private void cancelWait() {
    cancel(wait);
    wait = null;
  }

  private static void cancel(@Nullable Future<?> task) {
    if (task != null) {
      task.cancel(false);
    }
  }

  // ---- is this still the leader? ----

  /** Some answer named another leader. */
  private void leaderHeard() {
    Stream from = stream;
    if (state == State.OPEN
        && from != null
        && nodes.leader().filter(named -> !named.equals(from.address)).isPresent()) {
      checkLeader(from);
    }
  }

  /**
   * Asks the node itself who leads: one that has stepped down forwards without a word, since a
   * stream's headers come only once.
   */
  private void confirm(Stream on) {
    LeaderSearch.askOne(
        nodes,
        log,
        transport,
        on.address,
        named -> {
          if (!named.equals(on.address)) {
            execute(() -> checkLeader(on));
          }
        });
  }

  /** Asks the others; moves only to a node that says of itself that it leads. */
  private void checkLeader(Stream from) {
    if (checkingLeader) {
      return;
    }
    checkingLeader = true;
    LeaderSearch.start(
        nodes,
        log,
        transport,
        from.address,
        new LeaderSearch.Callback() {
          @Override
          public void found(Address address, boolean leads) {
            execute(
                () -> {
                  checkingLeader = false;
                  if (leads) {
                    move(from, address);
                  }
                });
          }

          @Override
          public void none(Failure failure) {
            execute(() -> checkingLeader = false);
          }
        });
  }

  private void move(Stream from, Address to) {
    if (stream != from || state != State.OPEN) {
      return;
    }
    LOG.debug("moving from {} to {}", from.address, to);
    nodes.leader(to);
    if (silentSince(System.nanoTime()) >= SUSPECT_NANOS) {
      // It will not answer any more: a stopped process, a cut network.
      from.abandon("silent while " + to + " leads");
      next = to;
      streamEnded(Failure.local(from.address + " is silent while " + to + " leads"));
      return;
    }
    moveTo = to;
    moveLeads = true;
    holding = true;
    release();
  }

  private long silentSince(long now) {
    return sent.isEmpty() ? 0 : now - lastAnswerNanos;
  }

  // ---- time ----

  /** Sees to it that {@link #tick} runs at this time or earlier. */
  private void timeOutAt(long nanos) {
    if (timer != null) {
      if (nanos - timerNanos >= 0) {
        return;
      }
      cancel(timer);
    }
    timerNanos = nanos;
    timer = schedule(this::tick, nanos - System.nanoTime());
  }

  private void tick() {
    timer = null;
    long now = System.nanoTime();
    long wake = now + TimeUnit.DAYS.toNanos(1);
    boolean any = false;
    for (AppendOp op : pending) {
      if (op.open && op.deadlineNanos - now <= 0) {
        expire(op);
      }
      if (op.open) {
        any = true;
        wake = earlier(wake, op.deadlineNanos);
      }
    }
    pending.removeIf(op -> !op.open);
    for (AppendOp op : again) {
      if (op.open && op.deadlineNanos - now <= 0) {
        expire(op);
      }
      if (op.open) {
        any = true;
        wake = earlier(wake, op.deadlineNanos);
      }
    }
    for (AppendOp op : sent) {
      if (op.open && op.deadlineNanos - now <= 0) {
        op.maybeLanded = true;
        expire(op);
      }
      if (op.open) {
        wake = earlier(wake, op.deadlineNanos);
      }
    }
    Stream on = stream;
    if (!sent.isEmpty() && on != null) {
      any = true;
      if (now - sent.element().answerDueNanos >= OVERDUE_NANOS) {
        on.abandon("answers are overdue");
        streamEnded(Failure.local(on.address + " owes answers"));
      } else {
        if (now - confirmedNanos >= CONFIRM_NANOS) {
          confirmedNanos = now;
          confirm(on);
        }
        long silent = silentSince(now);
        if (silent >= SUSPECT_NANOS) {
          checkLeader(on);
          wake = earlier(wake, now + SUSPECT_AGAIN_NANOS);
        } else {
          wake = earlier(wake, now + SUSPECT_NANOS - silent);
        }
      }
    }
    if (any) {
      timeOutAt(wake);
    }
  }

  private static long earlier(long a, long b) {
    return a - b <= 0 ? a : b;
  }

  private void expire(AppendOp op) {
    Failure last = op.lastFailure == null ? trouble : op.lastFailure;
    VarveException cause = last == null ? null : last.exception();
    String why = cause == null ? "" : ": " + cause.getMessage();
    if (op.maybeLanded) {
      finish(op, op.outcomeUnknown("no answer within the deadline" + why, cause));
    } else if (cause instanceof OverloadedException overloaded) {
      finish(op, overloaded);
    } else if (cause != null) {
      finish(op, new UnavailableException("not appended within the deadline" + why, cause));
    } else {
      finish(op, new DeadlineExceededException("not sent within the deadline", null));
    }
  }

  private void giveUp(AppendOp op, VarveException cause) {
    // These say for certain what became of this attempt, and of a run nothing more is ever needed:
    // what landed of it is skipped when it is sent again.
    boolean certain =
        cause instanceof FateUnknownException
            || cause instanceof SequenceGapException
            || cause instanceof OriginDivergedException;
    if (op.maybeLanded && !certain) {
      boolean asIs = cause instanceof OutcomeUnknownException || cause instanceof InternalException;
      finish(
          op,
          op.outcomeUnknown(
              asIs ? cause.getMessage() : "the answer was lost: " + cause.getMessage(), cause));
    } else {
      finish(op, cause);
    }
  }

  private void finish(AppendOp op, VarveException error) {
    if (op.open) {
      discharge(op);
      completions.fail(op, error);
    }
  }

  /** Its caller's concern no more: makes room for another. */
  private void discharge(AppendOp op) {
    op.open = false;
    openCount.decrementAndGet();
    openBytes.addAndGet(-op.size());
  }

  private @Nullable Future<?> schedule(Runnable task, long nanos) {
    try {
      return loop.schedule(Transport.guarded(task), Math.max(0, nanos), TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException shutDown) {
      return null;
    }
  }

  private void shutDown() {
    if (state == State.CLOSED) {
      return;
    }
    state = State.CLOSED;
    cancelWait();
    cancel(openTimer);
    cancel(timer);
    timer = null;
    if (stream != null) {
      stream.abandon("the client was closed");
      stream = null;
    }
    discardChannel();
    AppendOp op;
    while ((op = sent.poll()) != null) {
      op.maybeLanded = true;
      giveUp(op, new ClientClosedException("the client was closed"));
    }
    requeue();
    while ((op = pending.poll()) != null) {
      giveUp(op, new ClientClosedException("the client was closed"));
    }
    run();
  }

  /** One append stream. Its callbacks reach the appender on the append thread, in order. */
  private final class Stream extends ClientCall.Listener<AppendStreamResponse> {
    final Address address;
    final boolean leads;
    final ClientCall<AppendFrame, AppendStreamResponse> call;
    boolean answeredAny;
    private boolean abandoned;

    /** Set once gRPC has called from another thread: from then on order needs the task queue. */
    private volatile boolean offLoop;

    Stream(Address address, boolean leads, ClientCall<AppendFrame, AppendStreamResponse> call) {
      this.address = address;
      this.leads = leads;
      this.call = call;
    }

    void start() {
      call.start(this, new Metadata());
      // Answers are bounded by what was sent.
      call.request(Integer.MAX_VALUE);
    }

    /** Ends it from this side; nothing it still says is heard. */
    void abandon(String why) {
      abandoned = true;
      call.cancel(why, null);
    }

    private void onLoop(Runnable task) {
      if (!offLoop && loop.inEventLoop()) {
        task.run();
      } else {
        offLoop = true;
        execute(task);
      }
    }

    @Override
    public void onReady() {
      onLoop(() -> opened(this));
    }

    @Override
    public void onHeaders(Metadata headers) {
      nodes.learn(headers);
    }

    @Override
    public void onMessage(AppendStreamResponse message) {
      if (!offLoop && loop.inEventLoop()) {
        heard(message);
      } else {
        onLoop(() -> heard(message));
      }
    }

    private void heard(AppendStreamResponse message) {
      if (!abandoned) {
        answeredAny = true;
        answered(message);
      }
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      nodes.learn(trailers);
      onLoop(
          () -> {
            if (!abandoned && stream == this) {
              streamEnded(
                  status.isOk()
                      ? Failure.local(address + " ended the stream")
                      : Failure.of(status, trailers));
            }
          });
    }
  }
}
