package io.varve.node.routing;

import io.varve.node.routing.AppendResult.Answered;
import io.varve.node.routing.AppendResult.Effect;
import io.varve.node.routing.AppendResult.Returned;
import io.varve.proto.v1.Append;
import io.varve.proto.v1.AppendStreamResponse;
import io.varve.proto.v1.Error;
import io.varve.proto.v1.ErrorCode;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One caller's appends, in order, and their answers, in the same order.
 *
 * <p>Appends are handed over as they come, to wherever the leader is. If one comes back not
 * appended (the leader changed), nothing more is handed over until everything before and behind it
 * has settled; then it and those behind it go out again, in order, to the new leader. If one's
 * outcome is unknown the session ends: those behind it that were not handed over never will be, and
 * those that were are told what is known of them.
 *
 * <p>{@link #append}, {@link #refuse} and {@link #finish} are called by one thread at a time,
 * {@link #cancel} by any. The work is done by whichever thread brings news, one at a time, without
 * a lock: a thread that finds another at work leaves its news to that one.
 */
public final class AppendSession {

  private static final Logger LOG = LoggerFactory.getLogger(AppendSession.class);

  /** Takes the answers. Called by one thread at a time; must not block. */
  public interface Sink {
    /**
     * The answer to the next append.
     *
     * @param appendBytes the append's encoded size; 0 for one that was refused by the caller's side
     */
    void answer(AppendStreamResponse response, int appendBytes);

    /** The last answer was given: the caller finished, or an outcome is unknown. */
    void ended();

    /** A fault of the session's own: what was not answered is unknown. */
    void failed();
  }

  private final AppendRouter router;
  private final Sink sink;
  private final boolean forwarded;
  private final int window;

  // News, from any thread.
  private final ConcurrentLinkedQueue<Slot> arrivals = new ConcurrentLinkedQueue<>();
  private final AtomicInteger news = new AtomicInteger();
  private volatile boolean finishing;
  private volatile boolean cancelled;
  private volatile boolean ticked;
  private volatile boolean returned;

  // Confined to the thread at work.
  private final ArrayDeque<Slot> slots = new ArrayDeque<>();
  private final ArrayDeque<Slot> toHandOver = new ArrayDeque<>();
  private @Nullable Route route;
  private boolean pausing;
  private boolean ticking;
  private boolean ended;

  AppendSession(AppendRouter router, Sink sink, boolean forwarded, int window) {
    this.router = router;
    this.sink = sink;
    this.forwarded = forwarded;
    this.window = window;
  }

  /**
   * The caller's next append; already validated.
   *
   * @param deadlineNanos when it must have its answer, on the {@link System#nanoTime()} scale
   */
  public void append(Append append, long deadlineNanos) {
    int bytes = append.getSerializedSize();
    if (router.budget().acquire(bytes)) {
      arrive(new Slot(append, bytes, deadlineNanos));
    } else {
      String message = "this node holds at most " + router.budget().bounds();
      arrive(new Slot(router.answers().error(ErrorCode.ERROR_CODE_OVERLOADED, message), bytes));
    }
  }

  /** The caller's next append cannot go anywhere; the error is its answer, in its turn. */
  public void refuse(Error error) {
    arrive(new Slot(router.answers().error(error), 0));
  }

  /** The caller sends no more. */
  public void finish() {
    finishing = true;
    work();
  }

  /** The caller is gone. What was not handed over will not be; nothing more is answered. */
  public void cancel() {
    cancelled = true;
    work();
  }

  private void arrive(Slot slot) {
    arrivals.add(slot);
    work();
  }

  /** An attempt is over. Called on whatever thread learnt it. */
  void resultCame(Slot slot, AppendResult result) {
    slot.setResult(result);
    if (result instanceof Returned) {
      returned = true;
    }
    work();
  }

  /** Time has passed. */
  void tick() {
    ticked = true;
    work();
  }

  private void work() {
    if (news.getAndIncrement() != 0) {
      return;
    }
    int seen = 1;
    do {
      try {
        step();
      } catch (Throwable e) {
        LOG.error("An append session failed and is given up", e);
        giveUp();
        sink.failed();
      }
      seen = news.addAndGet(-seen);
    } while (seen != 0);
  }

  private void step() {
    boolean last = finishing;
    Slot arrived;
    while ((arrived = arrivals.poll()) != null) {
      if (ended) {
        release(arrived);
      } else {
        slots.add(arrived);
        if (arrived.result() == null) {
          toHandOver.add(arrived);
        }
      }
    }
    if (ended) {
      return;
    }
    if (cancelled) {
      giveUp();
      return;
    }
    if (ticked) {
      ticked = false;
      lookAround();
    }
    if (returned) {
      returnToSender();
    }
    handOver();
    answerInOrder();
    if (!ended && last && slots.isEmpty()) {
      end();
    }
    tickWhileNeeded();
  }

  private void handOver() {
    if (returned || pausing || toHandOver.isEmpty()) {
      return;
    }
    if (route != null && slots.size() == toHandOver.size() && !route.leadsToLeader()) {
      route.finish();
      route = null;
    }
    if (route == null) {
      Optional<Route> found = router.route(this, forwarded, window);
      if (found.isEmpty()) {
        if (forwarded) {
          refuseToForwardAgain();
        }
        return;
      }
      route = found.get();
    }
    Slot slot;
    while (!returned && (slot = toHandOver.poll()) != null) {
      route.send(slot);
    }
  }

  private void refuseToForwardAgain() {
    Slot slot;
    while ((slot = toHandOver.poll()) != null) {
      slot.setResult(
          router
              .answers()
              .error(Answers.unavailable("node " + router.nodeId() + " does not lead")));
    }
  }

  /**
   * At least one append came back. Everything that is still out is taken back or waited for; then
   * those that came back wait for the next attempt, unless one behind them has landed: to append
   * them now would change the caller's order.
   */
  private void returnToSender() {
    boolean stillOut = false;
    for (Slot slot : slots) {
      if (slot.isOut()) {
        if (slot.withdraw()) {
          slot.setResult(new Returned(Answers.unavailable("the leader changed")));
        } else if (slot.isOut()) {
          stillOut = true;
        }
      }
    }
    if (stillOut) {
      return;
    }
    boolean overtaken = false;
    for (Iterator<Slot> i = slots.descendingIterator(); i.hasNext(); ) {
      Slot slot = i.next();
      AppendResult result = slot.result();
      if (result instanceof Answered answered) {
        overtaken |= answered.effect() != Effect.NONE;
      } else if (result instanceof Returned back) {
        if (overtaken) {
          slot.setResult(router.answers().error(back.error()));
        } else {
          slot.reset();
        }
      }
    }
    toHandOver.clear();
    for (Slot slot : slots) {
      if (slot.result() == null) {
        toHandOver.add(slot);
      }
    }
    if (route != null) {
      route.finish();
      route = null;
    }
    returned = false;
    // Whoever leads next is not known this very moment.
    pausing = true;
  }

  /** What only the passing of time tells: deadlines, and that another node leads now. */
  private void lookAround() {
    pausing = false;
    long now = System.nanoTime();
    for (Slot slot : slots) {
      if (slot.result() == null && slot.expired(now)) {
        if (slot.isOutAtAnotherNode()) {
          slot.setResult(
              router
                  .answers()
                  .unknown("the deadline passed after the append was forwarded to the leader"));
        } else if (!slot.isOut()) {
          toHandOver.remove(slot);
          slot.setResult(
              router
                  .answers()
                  .error(
                      Answers.unavailable(
                          "no leader was reached within the deadline; nothing was appended")));
        }
      }
    }
    if (route != null && !route.leadsToLeader()) {
      returned = true;
    }
  }

  private void answerInOrder() {
    Slot slot;
    while ((slot = slots.peek()) != null && slot.result() instanceof Answered answered) {
      slots.remove();
      release(slot);
      sink.answer(answered.response(), slot.bytes());
      if (answered.effect() == Effect.UNKNOWN) {
        endAfterUnknown();
        return;
      }
    }
  }

  /** Nothing may overtake an append whose outcome is unknown: what is behind it goes no further. */
  private void endAfterUnknown() {
    Slot slot;
    while ((slot = slots.poll()) != null) {
      Answered answer = lastAnswer(slot);
      release(slot);
      sink.answer(answer.response(), slot.bytes());
    }
    toHandOver.clear();
    if (route != null) {
      route.abandon();
      route = null;
    }
    end();
  }

  private Answered lastAnswer(Slot slot) {
    boolean withdrawn = slot.withdraw();
    AppendResult result = slot.result();
    if (result instanceof Answered answered) {
      return answered;
    }
    if (withdrawn || result instanceof Returned) {
      return router
          .answers()
          .error(Answers.unavailable("an append before this one has an unknown outcome"));
    }
    return router
        .answers()
        .unknown("the append was handed to the cluster behind one whose outcome is unknown");
  }

  private void end() {
    ended = true;
    if (route != null) {
      route.finish();
    }
    router.ended(this);
    sink.ended();
  }

  private void giveUp() {
    ended = true;
    Slot slot;
    while ((slot = slots.poll()) != null) {
      slot.withdraw();
      release(slot);
    }
    toHandOver.clear();
    if (route != null) {
      route.abandon();
      route = null;
    }
    router.ended(this);
  }

  private void tickWhileNeeded() {
    // The pipeline looks after the deadlines of what it has.
    if (ended) {
      return;
    }
    boolean needed = !slots.isEmpty() && !(route instanceof LocalRoute && !returned);
    if (needed != ticking) {
      ticking = needed;
      if (needed) {
        router.ticker().add(this);
      } else {
        router.ticker().remove(this);
      }
    }
  }

  private void release(Slot slot) {
    if (slot.held()) {
      router.budget().release(slot.bytes());
    }
  }
}
