package io.varve.client.localfirst;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;

/**
 * What pushing and pulling have in common: the gateways, the way to the ledger, and what to do when
 * the log or the buffer is not what it was. Thread-safe.
 */
abstract class Sync {

  private final ReentrantLock changing = new ReentrantLock();

  abstract Gateways gateways();

  abstract StoreThread storeThread();

  abstract Ledger ledger();

  abstract String clientId();

  abstract Link pushLink();

  abstract void pushLink(Link link);

  abstract void pullLink(Link link);

  abstract Signal pushSignal();

  abstract Signal pullSignal();

  /** The buffer goes on under another id: tell the application. */
  abstract void moved(BufferMove move);

  <T> T read(Function<Ledger, T> what) throws InterruptedException {
    return on(false, what);
  }

  /** Changes something that need not be on disk: if it is lost, it is found out again. */
  <T> T change(Function<Ledger, T> what) throws InterruptedException {
    return on(false, what);
  }

  private <T> T on(boolean durable, Function<Ledger, T> what) throws InterruptedException {
    try {
      return storeThread().submit(durable, () -> what.apply(ledger())).get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  /** How far the log has a buffer's events, in whatever log there is now. */
  Answers.Fields origin(String bufferId) throws GatewayException, InterruptedException {
    return Answers.fields(
        gateways()
            .get(
                "/v1/origin"
                    + new Gateways.Query().add("bufferId", bufferId).add("clientId", clientId())));
  }

  /** Learns the log's identity, or goes over to the other log: then false, and look again. */
  boolean requireSameLog(UUID identity) throws GatewayException, InterruptedException {
    Optional<UUID> known =
        change(
            ledger -> {
              ledger.learn(identity);
              return ledger.logIdentity();
            });
    if (known.equals(Optional.of(identity))) {
      return true;
    }
    changeLog(known);
    return false;
  }

  /**
   * The log seems to have another identity: asks, and goes over to it. Afterwards the caller looks
   * again at everything.
   *
   * @param believed the identity the caller took it to have; if it is not what is known by now, the
   *     other loop was faster
   */
  void changeLog(Optional<UUID> believed) throws GatewayException, InterruptedException {
    changing.lockInterruptibly();
    try {
      if (read(Ledger::logIdentity).equals(believed)) {
        goOver(believed);
      }
    } finally {
      changing.unlock();
    }
  }

  private void goOver(Optional<UUID> before) throws GatewayException, InterruptedException {
    Map<String, Long> through = new HashMap<>();
    Optional<UUID> now = Optional.empty();
    for (String bufferId : read(Ledger::heldBuffers)) {
      Answers.Fields origin = origin(bufferId);
      UUID identity = origin.logIdentity();
      if (now.isPresent() && !now.get().equals(identity)) {
        throw GatewayException.invalidAnswer("the gateways lead to different logs");
      }
      now = Optional.of(identity);
      through.put(bufferId, origin.number("landedThrough"));
    }
    UUID identity = now.orElseThrow();
    if (before.equals(now)) {
      throw GatewayException.of(
          409, "LOG_IDENTITY_MISMATCH", "the gateways disagree about the log's identity");
    }
    on(
        true,
        ledger -> {
          moved(ledger.changeLog(identity, through));
          return true;
        });
  }

  /** This buffer's numbers no longer fit the log's. */
  void changeBuffer(PushRun run, String reason, long through) throws InterruptedException {
    on(
        true,
        ledger -> {
          ledger.changeBuffer(run, reason, through).ifPresent(this::moved);
          return true;
        });
  }
}
