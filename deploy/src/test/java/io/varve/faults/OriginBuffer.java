package io.varve.faults;

import com.google.protobuf.ByteString;
import io.varve.proto.v1.Append;
import io.varve.proto.v1.NewEvent;
import io.varve.proto.v1.Origin;
import java.util.Optional;

/**
 * What one client has buffered: numbers from 1, most of them events, some voids. What a number
 * holds follows from the number, so that any run can be cut from it at any time. Origins share
 * their sources with each other.
 *
 * @param client the client id
 * @param buffer the buffer id
 * @param size how many numbers there are to send
 */
record OriginBuffer(String client, String buffer, int size) {
  private static final int VOID_EVERY = 13;
  private static final int SOURCES = 7;
  private static final int KEYS = 9;

  /** Whether a number holds no event. */
  boolean isVoid(long number) {
    return (number + client.length()) % VOID_EVERY == 0;
  }

  /** What a number holds; empty = a void. */
  Optional<NewEvent> event(long number) {
    return isVoid(number) ? Optional.empty() : Optional.of(eventOf(number, ""));
  }

  private NewEvent eventOf(long number, String more) {
    String name = this + "#" + number;
    return NewEvent.newBuilder()
        .setId(name)
        .setSource("canvas-" + number % SOURCES)
        .setType("Painted")
        .setSourceType("Canvas")
        .setKey("cell-" + number % KEYS)
        .setData(ByteString.copyFromUtf8("{\"name\":\"" + name + more + "\"}"))
        .build();
  }

  /** A run of numbers, as it is. */
  Append run(long first, int length) {
    return run(first, length, 0);
  }

  /**
   * A run that says something else of one of its numbers: of a void that it is an event, of an
   * event sometimes that it is a void, else that its payload is another.
   *
   * @param altered that number
   */
  Append divergingRun(long first, int length, long altered) {
    if (altered < first || altered >= first + length) {
      throw new IllegalArgumentException(altered + " is not in the run");
    }
    return run(first, length, altered);
  }

  private Append run(long first, int length, long altered) {
    Append.Builder append = Append.newBuilder();
    Origin.Builder origin =
        Origin.newBuilder().setClientId(client).setBufferId(buffer).setFirstSequence(first);
    for (long number = first; number < first + length; number++) {
      boolean empty = isVoid(number);
      if (number == altered) {
        boolean toVoid = !empty && number % 3 == 0;
        if (toVoid) {
          origin.addVoids(number);
        } else {
          append.addEvents(eventOf(number, " altered"));
        }
      } else if (empty) {
        origin.addVoids(number);
      } else {
        append.addEvents(eventOf(number, ""));
      }
    }
    return append.setOrigin(origin).build();
  }

  @Override
  public String toString() {
    return client + "/" + buffer;
  }
}
