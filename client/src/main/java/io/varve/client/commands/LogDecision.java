package io.varve.client.commands;

import io.varve.client.Event;
import io.varve.client.EventStream;
import io.varve.client.Filter;
import io.varve.client.ReadOptions;
import io.varve.client.VarveClient;
import io.varve.client.serialization.DecodedEvent;
import io.varve.client.serialization.EventCodec;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.BiFunction;

/** Reads, and notes what was read. */
final class LogDecision implements Decision {

  private final Class<?> command;
  private final VarveClient client;
  private final EventCodec codec;
  private final Checks checks;
  private final Thread thread = Thread.currentThread();
  private volatile boolean over;

  LogDecision(Class<?> command, VarveClient client, EventCodec codec, Checks checks) {
    this.command = command;
    this.client = client;
    this.codec = codec;
    this.checks = checks;
  }

  @Override
  public long version(EventSourceId source) {
    requireUnderWay();
    String name = name(source);
    long version = client.version(name);
    checks.version(name, version);
    return version;
  }

  @Override
  public boolean exists(EventSourceId source) {
    requireUnderWay();
    String name = name(source);
    boolean exists = client.version(name) > 0;
    checks.existence(name, exists);
    return exists;
  }

  @Override
  public List<DecodedEvent> events(EventSourceId source) {
    return fold(source, new ArrayList<>(), this::add);
  }

  @Override
  public List<DecodedEvent> events(Filter filter) {
    return fold(filter, new ArrayList<>(), this::add);
  }

  private List<DecodedEvent> add(List<DecodedEvent> events, DecodedEvent event) {
    if (events.size() == MAX_EVENTS) {
      throw new IllegalStateException(
          "command "
              + command.getName()
              + ": Decision.events returns at most "
              + MAX_EVENTS
              + " events, and there are more: use fold, or a narrower filter");
    }
    events.add(event);
    return events;
  }

  @Override
  public <S> S fold(
      EventSourceId source,
      S initial,
      BiFunction<? super S, ? super DecodedEvent, ? extends S> step) {
    requireUnderWay();
    String name = name(source);
    S state = initial;
    long version = 0;
    try (EventStream events = client.read(ReadOptions.ofSource(name))) {
      for (Event event : events) {
        version = event.version();
        state = step.apply(state, codec.decode(event));
      }
    }
    checks.version(name, version);
    return state;
  }

  @Override
  public <S> S fold(
      Filter filter, S initial, BiFunction<? super S, ? super DecodedEvent, ? extends S> step) {
    requireUnderWay();
    Objects.requireNonNull(filter, "filter");
    S state = initial;
    long head;
    try (EventStream events = client.read(ReadOptions.builder().filter(filter).build())) {
      for (Event event : events) {
        state = step.apply(state, codec.decode(event));
      }
      head = events.head();
    }
    checks.scope(filter, head);
    return state;
  }

  /** {@code handle()} has returned: what is read from now on could not be checked. */
  void end() {
    over = true;
  }

  private static String name(EventSourceId source) {
    return Objects.requireNonNull(source.value(), "source.value()");
  }

  private void requireUnderWay() {
    if (over) {
      throw new IllegalStateException(
          "command "
              + command.getName()
              + ": its Decision was used after handle() had returned; read before");
    }
    if (Thread.currentThread() != thread) {
      throw new IllegalStateException(
          "command "
              + command.getName()
              + ": its Decision was used by another thread than the one that runs handle()");
    }
  }
}
