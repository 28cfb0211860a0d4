package io.varve.client.commands;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.Filter;
import org.junit.jupiter.api.Test;

/** The snippets of {@code docs/concurrency-scopes.md}. */
class ConcurrencyScopesDocTest extends DocTest {

  @Override
  String page() {
    return "concurrency-scopes";
  }

  @EventType
  record Booked(EventSourceId room) {}

  // snippet: stream-id
  @Command
  @EventStreamId(value = "2026-11", concurrency = true)
  record BookInNovember(EventSourceId room) {
    Booked handle() {
      return new Booked(room);
    }
  }

  // end

  // snippet: combined
  @Command
  @EventSourceType(value = "Room", concurrency = true)
  @EventStreamType(value = "Bookings", concurrency = true)
  record BookRoom(EventSourceId room) {
    Booked handle() {
      return new Booked(room);
    }
  }

  // end

  // snippet: dynamic
  @Command
  @EventStreamId(concurrency = true)
  record BookDay(EventSourceId room, String day) implements CanProvideEventStreamId {
    @Override
    public String eventStreamId() {
      return room.value() + "/" + day;
    }

    Booked handle() {
      return new Booked(room);
    }
  }

  // end

  // snippet: source
  @Command(sourceConcurrency = true)
  record Book(EventSourceId room) {
    Booked handle() {
      return new Booked(room);
    }
  }

  // end

  // snippet: decision
  @Command
  record BookIfFree(EventSourceId room, String day) implements CanProvideEventStreamId {
    @Override
    public String eventStreamId() {
      return day;
    }

    Object handle(Decision d) {
      Filter bookings = Filter.types("Booked");
      boolean full = d.events(bookings).size() >= 100;
      return full ? Rejection.because("no more rooms") : new Booked(room);
    }
  }

  // end

  @Test
  void eachIsCheckedAsThePageSays() {
    EventSourceId room = id("room");
    assertThat(appended(new BookInNovember(room)).checks().toString())
        .contains("streamId=2026-11")
        .doesNotContain(room.value());
    assertThat(appended(new BookRoom(room)).checks().toString())
        .contains("sourceType=Room, streamType=Bookings");
    assertThat(appended(new BookDay(room, "24")).checks().toString())
        .contains("streamId=" + room.value() + "/24");
    assertThat(appended(new Book(room)).checks().toString()).contains("source=" + room.value());
    assertThat(appended(new BookIfFree(room, "24")).checks().toString())
        .contains("types=[Booked]")
        .doesNotContain("streamId=24");
  }

  @Test
  void boundaries() {
    long seen = client.head().position();
    ProjectionOfTheApplication projection = () -> seen;
    // snippet: boundary
    Commands fresh = Commands.of(client); // the head is asked for before handle()
    Commands known = fresh.withBoundary(Boundary.known()); // the newest head any answer told of
    Commands behind = fresh.withBoundary(Boundary.of(projection::position)); // reads a projection
    // end
    for (Commands commands : new Commands[] {fresh, known, behind}) {
      assertThat(appended(commands.execute(new BookDay(id("room"), "25"))).checks()).hasSize(1);
    }
  }

  private interface ProjectionOfTheApplication {
    long position();
  }
}
