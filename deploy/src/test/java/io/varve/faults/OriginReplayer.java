package io.varve.faults;

import io.varve.faults.NodeConnection.Sent;
import io.varve.faults.OriginHistory.Kind;
import io.varve.faults.OriginHistory.Sending;
import io.varve.proto.v1.Append;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;

/**
 * Sends one buffer as a bad network and a nervous client would: runs that overlap, repeat and cut
 * each other, some through two nodes at once without waiting for the first answer, until all has
 * landed; in between, runs that must be refused. One thread runs it; {@link #landed} may be asked
 * by any.
 */
final class OriginReplayer {
  /** Longer than an election, so that a node that waits for one may still answer. */
  private static final Duration SENDING_LIMIT = Duration.ofSeconds(4);

  private static final Duration BETWEEN_SENDINGS = Duration.ofMillis(20);
  private static final int MAX_NEW = 12;
  private static final int MAX_OVERLAP = 15;
  private static final int MAX_ABANDONED = 4;

  /** So many sendings a number are far more than it takes: a log that refuses all is given up. */
  private static final int MAX_SENDINGS_A_NUMBER = 4;

  private final OriginBuffer buffer;
  private final List<? extends AppendTarget> nodes;
  private final OriginHistory history;
  private final SplittableRandom random;
  private final Queue<Abandoned> abandoned = new ArrayDeque<>();
  private int node;
  private volatile long landed;
  private long sent;
  private long sendings;

  private record Abandoned(Append run, long landed, long sent, Sent answer) {}

  OriginReplayer(
      OriginBuffer buffer,
      List<? extends AppendTarget> nodes,
      OriginHistory history,
      SplittableRandom random) {
    this.buffer = buffer;
    this.nodes = List.copyOf(nodes);
    this.history = history;
    this.random = random;
    this.node = random.nextInt(nodes.size());
  }

  /** Up to which number everything is known to have landed. */
  long landed() {
    return landed;
  }

  /** Sends until all has landed, and waits for every answer. */
  void replay() {
    while (landed < buffer.size() && sendings < (long) MAX_SENDINGS_A_NUMBER * buffer.size()) {
      int choice = random.nextInt(20);
      if (choice < 9) {
        advance();
      } else if (choice < 13) {
        repeat();
      } else if (choice < 16) {
        abandon();
      } else if (choice < 18) {
        leaveGap();
      } else {
        diverge();
      }
    }
    while (!abandoned.isEmpty()) {
      settleAbandoned();
    }
  }

  /** Sends everything once more, in runs cut elsewhere. */
  void replayAll() {
    for (long first = 1; first <= buffer.size(); ) {
      int length = upTo(first, 1 + random.nextInt(3 * MAX_NEW));
      Attempt attempt = exchange(Kind.TRUE, buffer.run(first, length));
      if (attempt instanceof Attempt.Landed
          || sendings > 2L * MAX_SENDINGS_A_NUMBER * buffer.size()) {
        first += length;
      }
    }
  }

  private void advance() {
    int overlap =
        random.nextBoolean() ? random.nextInt((int) Math.min(landed, MAX_OVERLAP) + 1) : 0;
    long first = landed + 1 - overlap;
    exchange(Kind.TRUE, buffer.run(first, upTo(first, overlap + 1 + random.nextInt(MAX_NEW))));
  }

  private void repeat() {
    if (landed > 0) {
      long first = 1 + random.nextLong(landed);
      int length = 1 + random.nextInt((int) Math.min(landed - first + 1, 2 * MAX_NEW));
      exchange(Kind.TRUE, buffer.run(first, length));
    }
  }

  /** Sends a run, does not wait, and sends a part of it through another node. */
  private void abandon() {
    if (abandoned.size() == MAX_ABANDONED) {
      settleAbandoned();
    }
    if (landed == buffer.size()) {
      return; // By what was just settled: there is nothing left to send.
    }
    long first = landed + 1;
    int length = upTo(first, 2 + random.nextInt(MAX_NEW));
    Append run = buffer.run(first, length);
    sending(Kind.TRUE, run);
    abandoned.add(new Abandoned(run, landed, sent, target().send(run, SENDING_LIMIT)));
    node++;
    exchange(Kind.TRUE, buffer.run(first, (length + 1) / 2));
  }

  private void settleAbandoned() {
    Abandoned oldest = abandoned.remove();
    note(Kind.TRUE, oldest.run(), oldest.landed(), oldest.sent(), oldest.answer().outcome());
  }

  private void leaveGap() {
    long first = sent + 2 + random.nextInt(3);
    exchange(Kind.GAP, buffer.run(first, 1 + random.nextInt(MAX_NEW)));
  }

  private void diverge() {
    if (landed > 0) {
      long altered = 1 + random.nextLong(landed);
      long first = altered - random.nextInt((int) Math.min(altered, MAX_OVERLAP));
      int length = (int) (altered - first) + 1 + random.nextInt(MAX_NEW);
      exchange(Kind.DIVERGING, buffer.divergingRun(first, length, altered));
    }
  }

  /** At most that many numbers, from one on. */
  private int upTo(long first, int length) {
    return (int) Math.min(length, buffer.size() - first + 1);
  }

  private AppendTarget target() {
    return nodes.get(Math.floorMod(node, nodes.size()));
  }

  private void sending(Kind kind, Append run) {
    sendings++;
    if (kind == Kind.TRUE) {
      sent = Math.max(sent, last(run));
    }
  }

  private static long last(Append run) {
    return run.getOrigin().getFirstSequence()
        + run.getEventsCount()
        + run.getOrigin().getVoidsCount()
        - 1;
  }

  private Attempt exchange(Kind kind, Append run) {
    sending(kind, run);
    Attempt attempt = note(kind, run, landed, sent, target().send(run, SENDING_LIMIT).outcome());
    if (attempt instanceof Attempt.Unknown || isPassing(attempt)) {
      node++; // Another node may know better.
      LockSupport.parkNanos(BETWEEN_SENDINGS.toNanos());
      sendings--; // It says nothing against the log.
    }
    return attempt;
  }

  private Attempt note(Kind kind, Append run, long wasLanded, long wasSent, Attempt attempt) {
    history.add(new Sending(buffer, kind, run, wasLanded, wasSent, attempt));
    if (kind == Kind.TRUE && attempt instanceof Attempt.Landed) {
      landed = Math.max(landed, last(run));
    }
    return attempt;
  }

  /** Whether a refusal says nothing about the run: the node could not decide it now. */
  static boolean isPassing(Attempt attempt) {
    return attempt instanceof Attempt.NotAppended refused
        && switch (refused.code()) {
          case ERROR_CODE_UNAVAILABLE, ERROR_CODE_OVERLOADED, ERROR_CODE_DEADLINE_EXCEEDED -> true;
          default -> false;
        };
  }
}
