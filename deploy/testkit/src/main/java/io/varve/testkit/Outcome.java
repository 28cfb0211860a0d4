package io.varve.testkit;

import io.varve.client.Event;
import io.varve.client.EventStream;
import io.varve.client.ReadOptions;
import io.varve.client.VarveClient;
import io.varve.client.commands.CommandResult;
import io.varve.client.commands.EventForEventSourceId;
import io.varve.client.commands.Rejection;
import io.varve.client.serialization.DecodedEvent;
import io.varve.client.serialization.EventCodec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.opentest4j.AssertionFailedError;

/**
 * What became of a command that a {@link Specification} executed. Every method that begins with
 * {@code then} fails with an {@link AssertionError} that tells what happened instead.
 */
public final class Outcome {

  private final Object command;
  private final VarveClient client;
  private final EventClasses classes;
  private final Optional<CommandResult> result;
  private final Optional<Throwable> failure;

  Outcome(
      Object command,
      VarveClient client,
      EventClasses classes,
      Optional<CommandResult> result,
      Optional<Throwable> failure) {
    this.command = command;
    this.client = client;
    this.classes = classes;
    this.result = result;
    this.failure = failure;
  }

  /**
   * These events landed, in this order, and no others. Compares what the log holds, read back, with
   * what is expected, by {@code equals}.
   *
   * @param expected objects of event classes; as {@link EventForEventSourceId} where the event
   *     source is to be compared too
   * @return the events as the log holds them, to look at their labels
   */
  public List<Event> thenEvents(Object... expected) {
    List<Object> wanted = List.of(expected);
    CommandResult.Appended appended = expect(CommandResult.Appended.class, "events", wanted);
    List<Event> landed = landed(appended);
    EventCodec codec = classes.with(wanted).codec();
    List<Object> found = new ArrayList<>();
    for (int i = 0; i < landed.size(); i++) {
      boolean withSource = i < expected.length && expected[i] instanceof EventForEventSourceId;
      found.add(withSource ? sourced(landed.get(i), codec) : value(landed.get(i), codec));
    }
    List<Object> comparable = wanted.stream().map(Outcome::comparable).toList();
    if (!found.equals(comparable)) {
      throw new AssertionFailedError(
          command + ": expected the events " + comparable + ", but these landed: " + found,
          comparable,
          found);
    }
    return landed;
  }

  /** The command was executed, and appended nothing, without deciding against. */
  public void thenNothing() {
    thenEvents();
  }

  /**
   * The log refused the append: a check of the command failed.
   *
   * @return what was checked, expected and found
   */
  public CommandResult.ConcurrencyViolation thenViolation() {
    return expect(CommandResult.ConcurrencyViolation.class, "a concurrency violation", "");
  }

  /**
   * The command decided against.
   *
   * @return the rejection
   */
  public Rejection thenRejected() {
    return expect(CommandResult.Rejected.class, "a rejection", "").rejection();
  }

  /** The command decided against, with a rejection of this class, which is returned. */
  public <R> R thenRejected(Class<R> type) {
    Rejection rejection = expect(CommandResult.Rejected.class, "a rejection", type).rejection();
    if (!type.isInstance(rejection)) {
      throw new AssertionFailedError(
          command + ": expected the rejection " + type.getName() + ", but it was: " + rejection,
          type,
          rejection);
    }
    return type.cast(rejection);
  }

  /** The command decided against, with this rejection. */
  public void thenRejected(Rejection expected) {
    Rejection rejection = expect(CommandResult.Rejected.class, "a rejection", expected).rejection();
    if (!rejection.equals(expected)) {
      throw new AssertionFailedError(
          command + ": expected the rejection " + expected + ", but it was: " + rejection,
          expected,
          rejection);
    }
  }

  /** Executing the command threw an exception of this class, which is returned. */
  public <T extends Throwable> T thenFails(Class<T> type) {
    Throwable found =
        failure.orElseThrow(
            () -> failed("the exception " + type.getName(), type, result.orElseThrow()));
    if (!type.isInstance(found)) {
      throw failed("the exception " + type.getName(), type, found);
    }
    return type.cast(found);
  }

  /**
   * What the command machinery answered, for everything else one may want to know of it.
   *
   * @throws AssertionError if it threw an exception
   */
  public CommandResult result() {
    return expect(CommandResult.class, "a result", "");
  }

  private <R extends CommandResult> R expect(Class<R> type, String what, Object expected) {
    CommandResult found = result.orElseThrow(() -> failed(what, expected, failure.orElseThrow()));
    if (!type.isInstance(found)) {
      throw failed(what, expected, found);
    }
    return type.cast(found);
  }

  private AssertionFailedError failed(String what, Object expected, Object found) {
    String wanted = expected.equals("") ? what : what + " " + expected;
    AssertionFailedError error =
        new AssertionFailedError(
            command + ": expected " + wanted + ", but got: " + found, expected, found);
    if (found instanceof Throwable cause) {
      error.initCause(cause);
    }
    return error;
  }

  private List<Event> landed(CommandResult.Appended appended) {
    if (appended.firstPosition() == 0) {
      return List.of();
    }
    long count = appended.lastPosition() - appended.firstPosition() + 1;
    ReadOptions options =
        ReadOptions.builder().fromPosition(appended.firstPosition()).limit(count).build();
    try (EventStream events = client.read(options)) {
      return events.stream().toList();
    }
  }

  private static Object comparable(Object expected) {
    return expected instanceof EventForEventSourceId event
        ? new Sourced(event.eventSourceId().value(), event.event())
        : expected;
  }

  private static Object sourced(Event event, EventCodec codec) {
    return new Sourced(event.source(), value(event, codec));
  }

  /** The object, or what there is to show of an event whose class the example does not know. */
  private static Object value(Event event, EventCodec codec) {
    DecodedEvent decoded = codec.decode(event);
    return decoded instanceof DecodedEvent.Known known
        ? known.value()
        : event.type() + " " + event.data().toUtf8();
  }

  private record Sourced(String source, Object event) {
    @Override
    public String toString() {
      return event + " of " + source;
    }
  }
}
