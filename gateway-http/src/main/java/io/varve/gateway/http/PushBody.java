package io.varve.gateway.http;

import io.varve.client.NewEvent;
import io.varve.client.Origin;
import io.varve.gateway.problem.Problem;
import io.varve.gateway.problem.ProblemException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * A run of buffered events as it is pushed. Immutable.
 *
 * @param logIdentity the log identity the client expects
 * @param clientId the client the request names
 * @param bufferId the buffer
 * @param firstSequence the number of the first element
 * @param elements the run
 */
record PushBody(
    Optional<UUID> logIdentity,
    Optional<String> clientId,
    String bufferId,
    long firstSequence,
    List<Element> elements) {

  /** The most elements of one run: what one append takes. */
  static final int MAX_ELEMENTS = 4_096;

  PushBody {
    elements = List.copyOf(elements);
  }

  /**
   * One number of the buffer.
   *
   * @param event its event; empty = a void
   */
  record Element(Optional<NewEvent> event) {}

  /**
   * Reads a body.
   *
   * @throws ProblemException naming the field that cannot be, and the number of the event it is in
   */
  static PushBody read(String json) {
    Reading reading = new Reading();
    JsonReader.object(json, reading::field);
    return reading.body();
  }

  /** The origin of the run. */
  Origin origin(String client) {
    List<Long> voids = new ArrayList<>();
    for (int i = 0; i < elements.size(); i++) {
      if (elements.get(i).event().isEmpty()) {
        voids.add(firstSequence + i);
      }
    }
    return new Origin(client, bufferId, firstSequence, voids);
  }

  /** The events of the run, without its voids. */
  List<NewEvent> events() {
    return elements.stream().flatMap(element -> element.event().stream()).toList();
  }

  /** The number of the last element. */
  long lastSequence() {
    return firstSequence + elements.size() - 1;
  }

  /** Which element is the nth event. */
  int elementOfEvent(int nth) {
    return nthElement(nth, true);
  }

  /** Which element is the nth void. */
  int elementOfVoid(int nth) {
    return nthElement(nth, false);
  }

  private int nthElement(int nth, boolean events) {
    int seen = -1;
    for (int i = 0; i < elements.size(); i++) {
      if (elements.get(i).event().isPresent() == events && ++seen == nth) {
        return i;
      }
    }
    throw new IllegalArgumentException("a run without element " + nth);
  }

  /** Collects the fields of a body. */
  private static final class Reading {
    private Optional<UUID> logIdentity = Optional.empty();
    private Optional<String> clientId = Optional.empty();
    private Optional<String> bufferId = Optional.empty();
    private boolean run;
    private long firstSequence;
    private final List<Element> elements = new ArrayList<>();

    void field(String name, JsonReader value) {
      switch (name) {
        case "logIdentity" -> logIdentity = Optional.of(Query.uuid(name, value.text(name)));
        case "clientId" -> clientId = Optional.of(named(name, value));
        case "bufferId" -> bufferId = Optional.of(named(name, value));
        case "events" -> {
          run = true;
          value.array(name, index -> element(index, value));
        }
        default -> throw JsonReader.invalid(name, "a push has no field '" + name + "'");
      }
    }

    PushBody body() {
      if (bufferId.isEmpty()) {
        throw JsonReader.invalid("bufferId", "a push needs a 'bufferId'");
      }
      if (!run || elements.isEmpty()) {
        throw JsonReader.invalid("events", "a push needs 'events', 1 to " + MAX_ELEMENTS);
      }
      return new PushBody(logIdentity, clientId, bufferId.get(), firstSequence, elements);
    }

    private static String named(String name, JsonReader value) {
      String text = value.text(name);
      if (text.isEmpty()) {
        throw JsonReader.invalid(name, "'" + name + "' is empty");
      }
      return text;
    }

    private void element(int index, JsonReader value) {
      if (index == MAX_ELEMENTS) {
        throw JsonReader.invalid("events", "a push has at most " + MAX_ELEMENTS + " events");
      }
      String path = "events[" + index + "]";
      int begin = value.begin();
      ElementFields fields = new ElementFields(path);
      Optional<Problem> problem = Optional.empty();
      try {
        value.fields(path, fields::field);
      } catch (ProblemException e) {
        // Nothing after it can be read, so its number is the expected one if it was not read yet.
        problem = Optional.of(e.problem());
      }
      long number = fields.number(elements.isEmpty() ? 0 : firstSequence + index, problem);
      if (elements.isEmpty()) {
        firstSequence = number;
      } else if (number != firstSequence + index) {
        throw JsonReader.invalid(
            path + ".clientSeq",
            "the numbers of a run follow each other: after "
                + (firstSequence + index - 1)
                + " comes "
                + (firstSequence + index)
                + ", not "
                + number);
      }
      if (problem.isPresent()) {
        throw new ProblemException(problem.get().clientSeq(number));
      }
      try {
        fields.checkVoid();
        elements.add(
            new Element(
                fields.isVoid
                    ? Optional.empty()
                    : Optional.of(EventElements.read(value.since(begin), path))));
      } catch (ProblemException e) {
        throw new ProblemException(e.problem().clientSeq(number));
      }
    }
  }

  /** What an element says beside its event. */
  private static final class ElementFields {
    private final String path;
    private long clientSeq;
    private boolean isVoid;
    private String other = "";

    ElementFields(String path) {
      this.path = path;
    }

    void field(String name, JsonReader value) {
      if (name.equals("clientSeq")) {
        clientSeq = value.number(path + "." + name, 1, Long.MAX_VALUE - MAX_ELEMENTS);
      } else if (name.equals("void")) {
        value.requireTrue(path + "." + name);
        isVoid = true;
      } else if (EventElements.FIELDS.contains(name)) {
        other = name;
        value.skip();
      } else {
        throw JsonReader.invalid(path + "." + name, "an event has no field '" + name + "'");
      }
    }

    long number(long expected, Optional<Problem> problem) {
      if (clientSeq != 0) {
        return clientSeq;
      }
      if (problem.isEmpty() || expected == 0) {
        throw new ProblemException(
            problem.orElseGet(
                () ->
                    Problem.invalid(
                        path + ".clientSeq", "each element needs a 'clientSeq', from 1")));
      }
      return expected;
    }

    void checkVoid() {
      if (isVoid && !other.isEmpty()) {
        throw JsonReader.invalid(
            path + "." + other, "a void has nothing but its 'clientSeq', no '" + other + "'");
      }
    }
  }
}
