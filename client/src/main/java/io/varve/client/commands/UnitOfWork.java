package io.varve.client.commands;

import io.varve.client.NewEvent;
import io.varve.client.VarveClient;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * One append in the making: what a command, and those that join it, add to it. While {@code
 * handle()} runs, it belongs to its thread.
 */
final class UnitOfWork {

  /** How deep commands may execute commands. */
  static final int MAX_DEPTH = 32;

  private static final ThreadLocal<UnitOfWork> CURRENT = new ThreadLocal<>();

  private final VarveClient client;
  private final List<NewEvent> events = new ArrayList<>(2);
  private final Checks checks = new Checks();
  private OptionalLong boundary;
  private Optional<EventSourceId> firstSource = Optional.empty();
  private int depth;

  UnitOfWork(VarveClient client, OptionalLong boundary) {
    this.client = client;
    this.boundary = boundary;
  }

  /** The one whose {@code handle()} this thread is running, if it is. */
  static Optional<UnitOfWork> current() {
    return Optional.ofNullable(CURRENT.get());
  }

  /** Makes this the thread's own; the returned one was, and must be put back. */
  @Nullable UnitOfWork enter(CommandModel model) {
    if (depth == MAX_DEPTH) {
      throw model.failed(
          "commands execute each other more than " + MAX_DEPTH + " deep: is there a cycle?", null);
    }
    depth++;
    UnitOfWork before = CURRENT.get();
    CURRENT.set(this);
    return before;
  }

  void leave(@Nullable UnitOfWork before) {
    depth--;
    if (before == null) {
      CURRENT.remove();
    } else {
      CURRENT.set(before);
    }
  }

  VarveClient client() {
    return client;
  }

  Checks checks() {
    return checks;
  }

  OptionalLong boundary() {
    return boundary;
  }

  /** The first one stays: it is the oldest. */
  void boundary(long position) {
    if (boundary.isEmpty()) {
      boundary = OptionalLong.of(position);
    }
  }

  List<NewEvent> events() {
    return events;
  }

  Optional<EventSourceId> firstSource() {
    return firstSource;
  }

  void add(List<NewEvent> more, Optional<EventSourceId> source) {
    if (firstSource.isEmpty()) {
      firstSource = source;
    }
    events.addAll(more);
  }

  /** Takes back the events that were added since there were only so many. */
  void truncate(int size) {
    events.subList(size, events.size()).clear();
    if (events.isEmpty()) {
      firstSource = Optional.empty();
    }
  }
}
