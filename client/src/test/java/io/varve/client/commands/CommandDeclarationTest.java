package io.varve.client.commands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.client.VarveClient;
import io.varve.client.serialization.EventTypes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Mistakes in a declaration fail at first sight: no log is needed to see them. */
class CommandDeclarationTest {

  /** Nobody answers there; whoever asked would wait for the deadline. */
  private final VarveClient client = VarveClient.builder().target("127.0.0.1:9").build();

  private final Commands commands = Commands.of(client);

  @AfterEach
  void close() {
    client.close();
  }

  @EventType
  record Happened() {}

  record NoEvent() {}

  private void fails(Object command, String... message) {
    assertThatThrownBy(() -> commands.declare(command.getClass()))
        .isInstanceOf(CommandDeclarationException.class)
        .hasMessageContaining(command.getClass().getName())
        .hasMessageContainingAll(message);
    assertThatThrownBy(() -> commands.execute(command))
        .isInstanceOf(CommandDeclarationException.class);
    assertThatThrownBy(() -> commands.executeAsync(command).get(60, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(CommandDeclarationException.class);
  }

  // ---- the command ----

  record Unmarked() {
    Happened handle() {
      return new Happened();
    }
  }

  @Test
  void withoutTheAnnotation() {
    fails(new Unmarked(), "not annotated with @Command", "add it");
  }

  @Command
  static final class NotARecord {
    Happened handle() {
      return new Happened();
    }
  }

  @Test
  void aClassThatIsNoRecord() {
    fails(new NotARecord(), "not a record", "make it one");
  }

  // ---- handle() ----

  @Command
  record WithoutHandle() {
    Happened handel() {
      return new Happened();
    }
  }

  @Test
  void withoutHandle() {
    fails(new WithoutHandle(), "no method handle()", "add one");
  }

  @Command
  record TwoHandles() {
    Happened handle() {
      return new Happened();
    }

    Happened handle(Decision d) {
      return new Happened();
    }
  }

  @Test
  void withTwoHandles() {
    fails(new TwoHandles(), "2 methods handle", "keep one");
  }

  @Command
  record StaticHandle() {
    static Happened handle() {
      return new Happened();
    }
  }

  @Test
  void withAStaticHandle() {
    fails(new StaticHandle(), "static", "instance method");
  }

  @Command
  record HandleWithDependencies() {
    Happened handle(VarveClient client) {
      return new Happened();
    }
  }

  @Test
  void withAHandleThatTakesSomethingElse() {
    fails(
        new HandleWithDependencies(),
        VarveClient.class.getName(),
        Decision.class.getName(),
        "component of the record");
  }

  // ---- what handle() returns ----

  @Command
  record ReturnsNoEvent() {
    NoEvent handle() {
      return new NoEvent();
    }
  }

  @Command
  record ReturnsListOfNoEvent() {
    Optional<List<? extends NoEvent>> handle() {
      return Optional.empty();
    }
  }

  @Command
  record ReturnsPrimitive() {
    int handle() {
      return 1;
    }
  }

  @Command
  record ReturnsBytes() {
    byte[] handle() {
      return new byte[0];
    }
  }

  sealed interface Outcome permits Happened2, NoEvent2 {}

  @EventType
  record Happened2() implements Outcome {}

  record NoEvent2() implements Outcome {}

  @Command
  record ReturnsHalfSealed() {
    Stream<Outcome> handle() {
      return Stream.of();
    }
  }

  @Test
  void withAHandleThatReturnsNoEvent() {
    fails(new ReturnsNoEvent(), NoEvent.class.getName(), "@EventType");
    fails(new ReturnsListOfNoEvent(), NoEvent.class.getName(), "@EventType");
    fails(new ReturnsPrimitive(), "int", "@EventType");
    fails(new ReturnsBytes(), "@EventType");
    fails(new ReturnsHalfSealed(), NoEvent2.class.getName(), "@EventType");
  }

  @EventType("Taken")
  record First() {}

  @EventType("Taken")
  record Second() {}

  @Command
  record ReturnsTaken() {
    Second handle() {
      return new Second();
    }
  }

  @Test
  void withAnEventWhoseNameAnotherClassIsRegisteredWith() {
    Commands registered = Commands.builder(client).eventTypes(EventTypes.of(First.class)).build();
    assertThatThrownBy(() -> registered.declare(ReturnsTaken.class))
        .isInstanceOf(CommandDeclarationException.class)
        .hasMessageContaining(ReturnsTaken.class.getName())
        .hasMessageContaining(First.class.getName())
        .hasMessageContaining(Second.class.getName());
    commands.declare(ReturnsTaken.class);
  }

  // ---- labels ----

  @Command
  @EventStreamId("constant")
  record TwoStreamIds() implements CanProvideEventStreamId {
    @Override
    public String eventStreamId() {
      return "dynamic";
    }

    Happened handle() {
      return new Happened();
    }
  }

  @Test
  void aConstantAndADynamicStreamIdAreAmbiguous() {
    fails(new TwoStreamIds(), "@EventStreamId(\"constant\")", "CanProvideEventStreamId", "empty");
    assertThatThrownBy(() -> commands.execute(new TwoStreamIds()))
        .isInstanceOf(AmbiguousEventStreamIdException.class);
  }

  @Command
  @EventStreamId(concurrency = true)
  record NoStreamId() {
    Happened handle() {
      return new Happened();
    }
  }

  @Test
  void aStreamIdThatNobodyGives() {
    fails(new NoStreamId(), "@EventStreamId has no value", "CanProvideEventStreamId");
  }

  @Command
  @EventStreamType("")
  record EmptyStreamType() {
    Happened handle() {
      return new Happened();
    }
  }

  @Command
  @EventSourceType(value = "", concurrency = true)
  record EmptySourceType() {
    Happened handle() {
      return new Happened();
    }
  }

  private static final String HALF =
      "äöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöüäöü";

  @Command
  @EventStreamType(HALF + HALF + HALF + HALF)
  record LongStreamType() {
    Happened handle() {
      return new Happened();
    }
  }

  @Test
  void aLabelThatCannotBeOne() {
    fails(new EmptyStreamType(), "@EventStreamType has no value", "remove");
    fails(new EmptySourceType(), "@EventSourceType has no value", "remove");
    fails(new LongStreamType(), "@EventStreamType", "528 bytes", "at most 512");
  }

  // ---- the event source ----

  @Command
  record TwoKeys(@Key String one, @Key String two) {
    Happened handle() {
      return new Happened();
    }
  }

  @Command
  record OddKey(@Key List<String> key) {
    Happened handle() {
      return new Happened();
    }
  }

  @Command
  record TwoSources(EventSourceId from, EventSourceId to) {
    List<Happened> handle() {
      return List.of(new Happened());
    }
  }

  @Test
  void anEventSourceThatIsNotOne() {
    fails(new TwoKeys("a", "b"), "[one, two]", "@Key");
    fails(new OddKey(List.of()), "key", "java.util.List", "UUID");
    fails(
        new TwoSources(EventSourceId.of("a"), EventSourceId.of("b")),
        "[from, to]",
        "@Key",
        "CanProvideEventSourceId",
        "EventForEventSourceId");
  }

  // ---- what is no mistake ----

  record Refused() implements Rejection {}

  sealed interface Answer permits Yes, No {}

  @EventType
  record Yes() implements Answer {}

  record No() implements Answer, Rejection {}

  @Command
  record Fine1(EventSourceId from, EventSourceId to) {
    List<EventForEventSourceId> handle() {
      return List.of();
    }
  }

  @Command
  record Fine2(EventSourceId from, @Key EventSourceId to) {
    Answer handle() {
      return new Yes();
    }
  }

  @Command
  record Fine3(@Key long number) {
    Object[] handle() {
      return new Object[0];
    }
  }

  @Command
  record Fine4() {
    void handle(Decision d) {}
  }

  @Command
  record Fine5() {
    <T extends Iterable<Happened>> Optional<? extends T> handle() {
      return Optional.empty();
    }
  }

  @Command
  record Fine6() {
    Refused handle() {
      return new Refused();
    }
  }

  @Command
  record Fine7(EventSourceId from, EventSourceId to) implements CanProvideEventSourceId {
    @Override
    public EventSourceId eventSourceId() {
      return to;
    }

    Stream<Answer> handle() {
      return Stream.of();
    }
  }

  @Test
  void whatIsNoMistakePasses() {
    List<Class<?>> fine = new ArrayList<>();
    for (Class<?> type : CommandDeclarationTest.class.getDeclaredClasses()) {
      if (type.getSimpleName().startsWith("Fine")) {
        fine.add(type);
      }
    }
    assertThat(fine).hasSize(7);
    commands.declare(fine.toArray(Class[]::new));
  }
}
