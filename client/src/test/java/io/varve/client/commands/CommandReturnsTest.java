package io.varve.client.commands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.client.Event;
import java.io.IOException;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What {@code handle()} may return, and to which source it goes. */
class CommandReturnsTest extends CommandTest {

  @EventType
  record Noted(int number) {}

  @Command
  record Note(EventSourceId board, Object returned) {
    Object handle() {
      return returned;
    }
  }

  private List<String> noted(EventSourceId source) {
    return events(source).stream().map(event -> event.data().toUtf8()).toList();
  }

  private static String data(int number) {
    return "{\"number\":" + number + "}";
  }

  // ---- what ----

  @Test
  void oneEvent() {
    EventSourceId board = id("board");
    CommandResult.Appended appended = appended(new Note(board, new Noted(1)));
    assertThat(appended.eventSourceId()).contains(board);
    assertThat(appended.firstPosition()).isEqualTo(appended.lastPosition()).isPositive();
    assertThat(appended.versions()).containsEntry(board.value(), 1L).hasSize(1);
    assertThat(appended.recorded()).isPresent();
    assertThat(appended.replayed()).isFalse();
    assertThat(noted(board)).containsExactly(data(1));
  }

  @Test
  void severalEventsInAnyShape() {
    Object[] shapes = {
      List.of(new Noted(1), new Noted(2), new Noted(3)),
      Stream.of(new Noted(1), new Noted(2), new Noted(3)),
      new Noted[] {new Noted(1), new Noted(2), new Noted(3)},
      (Iterable<Noted>) () -> IntStream.rangeClosed(1, 3).mapToObj(Noted::new).iterator(),
      List.of(
          Optional.of(new Noted(1)),
          Optional.empty(),
          Stream.of(new Noted(2)),
          new Object[] {List.of(new Noted(3))}),
    };
    for (Object shape : shapes) {
      EventSourceId board = id("board");
      CommandResult.Appended appended = appended(new Note(board, shape));
      assertThat(appended.lastPosition() - appended.firstPosition()).isEqualTo(2);
      assertThat(noted(board)).containsExactly(data(1), data(2), data(3));
    }
  }

  @Test
  void nothingInAnyShapeAppendsNothingAndChecksNothing() {
    long head = client.head().position();
    for (Object shape :
        new Object[] {
          Optional.empty(), List.of(), Stream.of(), new Object[0], List.of(List.of())
        }) {
      CommandResult.Appended appended = appended(new Note(id("board"), shape));
      assertThat(appended.firstPosition()).isZero();
      assertThat(appended.versions()).isEmpty();
      assertThat(appended.eventSourceId()).isEmpty();
      assertThat(appended.recorded()).isEmpty();
      assertThat(appended.concurrencyChecked()).isFalse();
    }
    assertThat(client.head().position()).isEqualTo(head);
  }

  @Command
  record Ignore(AtomicBoolean handled) {
    void handle() {
      handled.set(true);
    }
  }

  @Test
  void aHandleThatReturnsVoid() {
    AtomicBoolean handled = new AtomicBoolean();
    assertThat(appended(new Ignore(handled)).firstPosition()).isZero();
    assertThat(handled).isTrue();
  }

  @EventType
  record Iterated(List<Integer> numbers) implements Iterable<Integer> {
    @Override
    public Iterator<Integer> iterator() {
      return numbers.iterator();
    }
  }

  @Test
  void anEventThatIsIterableIsAnEvent() {
    EventSourceId board = id("board");
    appended(new Note(board, new Iterated(List.of(1, 2))));
    assertThat(events(board)).extracting(Event::type).containsExactly("Iterated");
  }

  @Test
  void aStreamIsClosed() {
    AtomicBoolean closed = new AtomicBoolean();
    appended(new Note(id("board"), Stream.of(new Noted(1)).onClose(() -> closed.set(true))));
    assertThat(closed).isTrue();
  }

  // ---- rejections ----

  sealed interface Outcome permits Withdrawn, NotEnough {}

  @EventType
  record Withdrawn(int amount) implements Outcome {}

  record NotEnough(int missing) implements Outcome, Rejection {}

  @Command
  @EventStreamType(value = "Withdrawals", concurrency = true)
  record Withdraw(EventSourceId account, int amount, int balance) {
    Outcome handle() {
      return amount <= balance ? new Withdrawn(amount) : new NotEnough(amount - balance);
    }
  }

  @Test
  void aRejectionAppendsNothing() {
    EventSourceId account = id("account");
    CommandResult rejected = commands.execute(new Withdraw(account, 5, 3));
    assertThat(rejected).isEqualTo(new CommandResult.Rejected(new NotEnough(2)));
    assertThat(rejected.concurrencyChecked()).isFalse();
    assertThat(client.version(account.value())).isZero();
    assertThat(commands.execute(new Withdraw(account, 3, 3)))
        .isInstanceOf(CommandResult.Appended.class);
  }

  @Test
  void oneRejectionAmongEventsRejectsAllOfThem() {
    EventSourceId board = id("board");
    CommandResult rejected =
        commands.execute(
            new Note(
                board,
                List.of(new Noted(1), Rejection.because("full"), Rejection.because("later"))));
    assertThat(rejected).isEqualTo(new CommandResult.Rejected(Rejection.because("full")));
    assertThat(client.version(board.value())).isZero();
  }

  // ---- to which source ----

  @Test
  void eventsMayNameTheirOwnSources() {
    EventSourceId board = id("board");
    EventSourceId one = id("one");
    EventSourceId two = id("two");
    CommandResult.Appended appended =
        appended(
            new Note(
                board,
                List.of(
                    EventForEventSourceId.of(one, new Noted(1)),
                    new Noted(2),
                    EventForEventSourceId.of(two, new Noted(3)),
                    EventForEventSourceId.of(one, new Noted(4)))));
    assertThat(appended.eventSourceId()).contains(one);
    assertThat(appended.versions().keySet())
        .containsExactly(one.value(), board.value(), two.value());
    assertThat(noted(one)).containsExactly(data(1), data(4));
    assertThat(noted(board)).containsExactly(data(2));
    assertThat(noted(two)).containsExactly(data(3));
  }

  @Test
  void anIdReturnedByHandleComesFirst() {
    EventSourceId board = id("board");
    EventSourceId decided = id("decided");
    EventSourceId other = id("other");
    CommandResult.Appended appended =
        appended(
            new Note(
                board,
                Handled.of(decided, new Noted(1), EventForEventSourceId.of(other, new Noted(2)))));
    assertThat(appended.eventSourceId()).contains(decided);
    assertThat(noted(decided)).containsExactly(data(1));
    assertThat(noted(other)).containsExactly(data(2));
    assertThat(client.version(board.value())).isZero();
  }

  @Command
  record Provided(EventSourceId component, EventSourceId own) implements CanProvideEventSourceId {
    @Override
    public EventSourceId eventSourceId() {
      return own;
    }

    Noted handle() {
      return new Noted(1);
    }
  }

  @Test
  void thenTheOneTheCommandProvides() {
    EventSourceId own = id("own");
    assertThat(appended(new Provided(id("component"), own)).eventSourceId()).contains(own);
  }

  record BoardId(String value) implements EventSourceId {}

  @Command
  record Typed(@Key String key, BoardId board) {
    Noted handle() {
      return new Noted(1);
    }
  }

  @Test
  void thenTheComponentThatIsAnEventSourceId() {
    BoardId board = new BoardId(NODE.unique("board"));
    assertThat(appended(new Typed("key", board)).eventSourceId()).contains(board);
  }

  @Command
  record Marked(BoardId from, @Key BoardId to) {
    Noted handle() {
      return new Noted(1);
    }
  }

  @Test
  void ofSeveralTheOneThatIsMarked() {
    BoardId to = new BoardId(NODE.unique("to"));
    assertThat(appended(new Marked(new BoardId("from"), to)).eventSourceId()).contains(to);
  }

  @Command
  record KeyedByText(int number, @Key String name) {
    Noted handle() {
      return new Noted(number);
    }
  }

  @Command
  record KeyedByUuid(@Key UUID id) {
    Noted handle() {
      return new Noted(1);
    }
  }

  @Command
  record KeyedByNumber(@Key long id) {
    Noted handle() {
      return new Noted(1);
    }
  }

  enum Room {
    KITCHEN
  }

  @Command
  record KeyedByEnum(@Key Room room) {
    Noted handle() {
      return new Noted(1);
    }
  }

  @Test
  void thenTheComponentThatIsTheKey() {
    String name = NODE.unique("name");
    UUID uuid = UUID.randomUUID();
    assertThat(appended(new KeyedByText(1, name)).versions()).containsKey(name);
    assertThat(appended(new KeyedByUuid(uuid)).versions()).containsKey(uuid.toString());
    assertThat(appended(new KeyedByNumber(4711)).versions()).containsKey("4711");
    assertThat(appended(new KeyedByEnum(Room.KITCHEN)).versions()).containsKey("KITCHEN");
  }

  @Command
  record Anonymous() {
    List<Noted> handle() {
      return List.of(new Noted(1), new Noted(2));
    }
  }

  @Test
  void elseANewOneForAllEventsOfTheCommand() {
    CommandResult.Appended first = appended(new Anonymous());
    CommandResult.Appended second = appended(new Anonymous());
    assertThat(first.versions()).hasSize(1).containsValue(2L);
    assertThat(first.eventSourceId()).isNotEqualTo(second.eventSourceId());
    assertThat(UUID.fromString(first.eventSourceId().orElseThrow().value())).isNotNull();

    EventSourceId own = id("numbered");
    Commands numbered = Commands.builder(client).newEventSourceIds(() -> own).build();
    assertThat(appended(numbered.execute(new Anonymous())).eventSourceId()).contains(own);
  }

  // ---- what fails ----

  @Command
  @EventStreamId(concurrency = true)
  record IntoStream(String id, AtomicBoolean asked) implements CanProvideEventStreamId {
    @Override
    public String eventStreamId() {
      return id;
    }

    Noted handle() {
      asked.set(true);
      return new Noted(1);
    }
  }

  @Test
  void aFlaggedTagThatResolvesToNothingFailsTheCommand() {
    AtomicBoolean asked = new AtomicBoolean();
    assertThatThrownBy(() -> commands.execute(new IntoStream("", asked)))
        .isInstanceOf(CommandFailedException.class)
        .hasMessageContaining(IntoStream.class.getName())
        .hasMessageContaining("stream id");
    assertThat(asked).isFalse();
    appended(new IntoStream(NODE.unique("stream"), asked));
    assertThat(asked).isTrue();
  }

  @Command
  record MaybeIntoStream(String id) implements CanProvideEventStreamId {
    @Override
    public String eventStreamId() {
      return id;
    }

    Noted handle() {
      return new Noted(1);
    }
  }

  @Test
  void anUnflaggedStreamIdMayBeMissing() {
    assertThat(at(appended(new MaybeIntoStream("")).firstPosition()).streamId()).isEmpty();
    assertThat(at(appended(new MaybeIntoStream("s")).firstPosition()).streamId()).isEqualTo("s");
  }

  record NoEvent() {}

  private void fails(Object returned, String... message) {
    EventSourceId board = id("board");
    assertThatThrownBy(() -> commands.execute(new Note(board, returned)))
        .isInstanceOf(CommandFailedException.class)
        .hasMessageContaining(Note.class.getName())
        .hasMessageContainingAll(message);
    assertThat(client.version(board.value())).isZero();
  }

  @Test
  void whatCannotBeAppendedFailsTheCommand() {
    fails(Arrays.asList(new Noted(1), null), "null", "Optional.empty()");
    fails(List.of(new Noted(1), new NoEvent()), NoEvent.class.getName(), "@EventType");
    fails(List.of(new Noted(1), "text"), "java.lang.String", "@EventType");
    fails(Stream.generate(() -> new Noted(1)), "65536");
    fails(EventForEventSourceId.of(() -> "", new Noted(1)), "event source id is empty");
  }

  @Command
  record ReturnsNull() {
    @SuppressWarnings("NullAway")
    Noted handle() {
      return null;
    }
  }

  @Command
  record NullSource(EventSourceId board) {
    Noted handle() {
      return new Noted(1);
    }
  }

  @Test
  @SuppressWarnings("NullAway")
  void nullIsNamed() {
    assertThatThrownBy(() -> commands.execute(new ReturnsNull()))
        .isInstanceOf(CommandFailedException.class)
        .hasMessageContaining("returned null");
    assertThatThrownBy(() -> commands.execute(new NullSource(null)))
        .isInstanceOf(CommandFailedException.class)
        .hasMessageContaining("component board, is null");
    assertThatThrownBy(() -> commands.execute(new Provided(id("a"), null)))
        .isInstanceOf(CommandFailedException.class)
        .hasMessageContaining("eventSourceId() gave null");
  }

  @Command
  record Throws(Callable<Noted> body) {
    Noted handle() throws Exception {
      return body.call();
    }
  }

  @Test
  void whatHandleThrowsReachesTheCaller() {
    IllegalStateException unchecked = new IllegalStateException("closed");
    IOException checked = new IOException("no disk");
    Throws throwsUnchecked =
        new Throws(
            () -> {
              throw unchecked;
            });
    Throws throwsChecked =
        new Throws(
            () -> {
              throw checked;
            });
    assertThatThrownBy(() -> commands.execute(throwsUnchecked)).isSameAs(unchecked);
    assertThatThrownBy(() -> commands.execute(throwsChecked))
        .isInstanceOf(CommandFailedException.class)
        .hasMessageContaining(Throws.class.getName())
        .hasCause(checked);
    assertThat(failure(commands.executeAsync(throwsUnchecked))).isSameAs(unchecked);
    assertThat(failure(commands.executeAsync(throwsChecked)))
        .isInstanceOf(CommandFailedException.class);
  }
}
