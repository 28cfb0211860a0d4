package io.varve.node.ops;

import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * How a node is, from before its start to after its stop. Answers never block: they are given to
 * probes whose patience is short. Thread-safe.
 */
public final class NodeHealth {

  /** What is asked once the node serves its API. */
  private record Serving(BooleanSupplier alive, Supplier<Optional<String>> notReady) {}

  private static final Serving STARTING =
      new Serving(() -> true, () -> Optional.of("it is starting: it opens its store"));
  private static final Serving STOPPING =
      new Serving(() -> true, () -> Optional.of("it is shutting down"));

  private volatile Serving state = STARTING;

  /** A node that starts. */
  public NodeHealth() {}

  /**
   * The node serves its API from now on.
   *
   * @param alive whether its parts still run; false = only a restart helps
   * @param notReady why it is of no use at the moment; empty = it is
   */
  public void serves(BooleanSupplier alive, Supplier<Optional<String>> notReady) {
    state = new Serving(alive, notReady);
  }

  /** The node stops. */
  public void stops() {
    state = STOPPING;
  }

  /** Why the node is past helping but by a restart; empty = it lives. */
  public Optional<String> notLive() {
    try {
      return state.alive().getAsBoolean()
          ? Optional.empty()
          : Optional.of("the append pipeline has failed; the log says why");
    } catch (RuntimeException e) {
      return Optional.of("it cannot tell how it is: " + e);
    }
  }

  /** Why the node should not be sent anything; empty = it is ready. */
  public Optional<String> notReady() {
    try {
      return state.notReady().get().or(this::notLive);
    } catch (RuntimeException e) {
      return Optional.of("it cannot tell how it is: " + e);
    }
  }
}
