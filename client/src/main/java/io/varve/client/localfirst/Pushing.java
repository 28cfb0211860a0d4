package io.varve.client.localfirst;

import io.varve.client.json.Json;
import java.util.Map;
import java.util.OptionalLong;

/** Pushes what is queued, one run after the other, in order. Used by one thread. */
final class Pushing implements SyncLoop.Round {

  /** How much goes out in one request. */
  static final int MAX_EVENTS = 500;

  static final int MAX_BYTES = 1 << 20;

  private final Sync sync;
  private int limit = MAX_EVENTS;

  Pushing(Sync sync) {
    this.sync = sync;
  }

  @Override
  public void perform(long seen) throws GatewayException, InterruptedException {
    PushRun run = sync.read(ledger -> ledger.nextRun(limit, MAX_BYTES));
    if (!run.isEmpty()) {
      push(run);
    } else if (sync.pushLink().state() != Link.State.UP) {
      sayHello(run);
    } else {
      sync.pushSignal().await(seen);
    }
  }

  private void push(PushRun run) throws GatewayException, InterruptedException {
    Answers.Fields answer;
    try {
      answer = Answers.fields(sync.gateways().post("/v1/push", body(run)));
    } catch (GatewayException e) {
      refused(run, e);
      return;
    }
    Map<Long, Long> positions = Answers.positions(answer);
    long through = answer.number("landedThrough");
    for (long number = run.first(); number <= run.last(); number++) {
      if (!positions.containsKey(number) || through < run.last()) {
        throw GatewayException.invalidAnswer("the push's answer says nothing of " + number);
      }
    }
    if (!sync.requireSameLog(answer.logIdentity())) {
      return;
    }
    sync.pushLink(Link.UP);
    limit = Math.min(MAX_EVENTS, limit * 2);
    if (sync.change(ledger -> ledger.landed(run, through, positions))) {
      sync.changeBuffer(run, "ORIGIN_DIVERGED", run.last());
    }
  }

  private String body(PushRun run) {
    return Json.object(
        out -> {
          if (run.logIdentity().isPresent()) {
            out.writeStringField("logIdentity", run.logIdentity().get().toString());
          }
          out.writeStringField("clientId", sync.clientId());
          out.writeStringField("bufferId", run.bufferId());
          out.writeArrayFieldStart("events");
          long number = run.first();
          for (String json : run.events()) {
            out.writeRawValue(element(number, json));
            number++;
          }
          out.writeEndArray();
        });
  }

  private static String element(long number, String json) {
    String start = "{\"clientSeq\":" + number + ",";
    return json.isEmpty() ? start + "\"void\":true}" : start + json.substring(1);
  }

  private void refused(PushRun run, GatewayException e)
      throws GatewayException, InterruptedException {
    switch (e.code()) {
      case "LOG_IDENTITY_MISMATCH" -> sync.changeLog(run.logIdentity());
      case "SEQUENCE_GAP" -> {
        long expected = e.expectedSeq().orElseThrow(() -> e);
        if (expected >= run.first()) {
          throw e; // Not a gap: whoever says so is confused.
        }
        sync.changeBuffer(run, e.code(), expected - 1);
      }
      case "ORIGIN_DIVERGED" -> {
        // Those before the first that differs have landed: find it.
        if (run.size() > 1) {
          limit = run.size() / 2;
        } else {
          sync.changeBuffer(run, e.code(), run.first() - 1);
          limit = MAX_EVENTS;
        }
      }
      default -> {
        if (!refusesAnEvent(run, e)) {
          throw e;
        }
        OptionalLong number = e.clientSeq();
        if (number.isEmpty() || !run.contains(number.getAsLong())) {
          number = run.size() == 1 ? OptionalLong.of(run.first()) : OptionalLong.empty();
        }
        if (number.isEmpty()) {
          limit = run.size() / 2;
        } else if (number.getAsLong() > run.first()) {
          // Those before it go first; then it is refused as the first of its run.
          limit = (int) (number.getAsLong() - run.first());
        } else {
          reject(run, e);
        }
        sync.pushLink(Link.UP);
      }
    }
  }

  /** Holds the first event of a run as rejected. */
  private void reject(PushRun run, GatewayException e) throws InterruptedException {
    sync.change(
        ledger -> {
          ledger.reject(run, e.problem());
          return true;
        });
    limit = MAX_EVENTS;
  }

  /** Whether it is an event that is refused for good, and not this client, nor for now. */
  private static boolean refusesAnEvent(PushRun run, GatewayException e) {
    if (e.status() == 413) {
      return true; // Also a proxy's, which knows no codes.
    }
    return switch (e.code()) {
      case "INVALID_ARGUMENT", "PERMISSION_DENIED" ->
          (e.clientSeq().isPresent() && run.contains(e.clientSeq().getAsLong()))
              || e.field().startsWith("events");
      default -> false;
    };
  }

  /** With nothing to push: whether a gateway lets this client in, and what the log has of it. */
  private void sayHello(PushRun run) throws GatewayException, InterruptedException {
    Answers.Fields origin = sync.origin(run.bufferId());
    if (!sync.requireSameLog(origin.logIdentity())) {
      return;
    }
    sync.pushLink(Link.UP);
    long through = origin.number("landedThrough");
    boolean another =
        sync.read(
            ledger ->
                ledger.bufferId().equals(run.bufferId())
                    && ledger.pending() == 0
                    && through > ledger.lastNumber());
    if (another) {
      sync.changeBuffer(run, "ORIGIN_DIVERGED", through);
    }
  }
}
