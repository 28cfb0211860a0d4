package io.varve.client.projections;

import io.varve.client.AppendRequest;
import io.varve.client.Event;
import io.varve.client.EventStream;
import io.varve.client.Filter;
import io.varve.client.NewEvent;
import io.varve.client.ReadOptions;
import io.varve.client.RealNode;
import io.varve.client.RetryPolicy;
import io.varve.client.VarveClient;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What tests of projections against a real node share. Each test has a source type of its own. */
abstract class ProjectionTestBase {

  static final Duration PATIENCE = Eventually.PATIENCE;

  /** Quick, for tests in which events fail. */
  static final RetryPolicy QUICK =
      new RetryPolicy(Duration.ofMillis(1), Duration.ofMillis(10), 2.0, 3);

  @RegisterExtension static final RealNode NODE = new RealNode();

  static VarveClient client;

  private final Deque<AutoCloseable> toClose = new ArrayDeque<>();

  /** The source type and the projection's name of this test. */
  String name = "";

  @BeforeAll
  static void connect() {
    client = NODE.client();
  }

  @BeforeEach
  void takeAName() {
    name = NODE.unique("p");
  }

  @AfterEach
  void closeAll() throws Exception {
    while (!toClose.isEmpty()) {
      toClose.pop().close();
    }
  }

  <T extends AutoCloseable> T closeLater(T closeable) {
    toClose.push(closeable);
    return closeable;
  }

  <T> ProjectionRunner<T> start(Projection<T> projection) {
    return closeLater(ProjectionRunner.start(client, projection));
  }

  Filter filter() {
    return Filter.sourceType(name);
  }

  NewEvent event(String source) {
    return NewEvent.builder(name + "/" + source, "Happened").sourceType(name).build();
  }

  /** Appends one event to each of these sources of the test, and answers the last position. */
  long append(String... sources) {
    AppendRequest.Builder request = AppendRequest.builder();
    for (String source : sources) {
      request.event(event(source));
    }
    return client.append(request.build()).orThrow().lastPosition();
  }

  /** Appends something that no filter of this test matches. */
  long appendOther() {
    return client
        .append(NewEvent.builder("other", "Other").sourceType("Other").build())
        .orThrow()
        .lastPosition();
  }

  /** What the log holds of this test. */
  List<Event> log() {
    try (EventStream events = client.read(ReadOptions.matching(filter()))) {
      return events.stream().toList();
    }
  }

  List<Long> logPositions() {
    return log().stream().map(Event::position).toList();
  }
}
