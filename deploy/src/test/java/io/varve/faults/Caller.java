package io.varve.faults;

import com.google.protobuf.ByteString;
import io.grpc.StatusRuntimeException;
import io.varve.faults.History.Operation;
import io.varve.proto.v1.Append;
import io.varve.proto.v1.AppendId;
import io.varve.proto.v1.Condition;
import io.varve.proto.v1.ExpectedVersion;
import io.varve.proto.v1.GetSourceResponse;
import io.varve.proto.v1.NewEvent;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Calls a cluster through whichever node answers, the way a careful client must: an append is sent
 * again, with its append id and the same known position, until it is known what became of it. Every
 * sending is noted in the history. Thread-safe.
 */
final class Caller implements AutoCloseable {
  /** Longer than an election, so that a node that waits for one may still answer. */
  private static final Duration SENDING_LIMIT = Duration.ofSeconds(4);

  private static final Duration BETWEEN_SENDINGS = Duration.ofMillis(20);

  private final List<NodeConnection> nodes;
  private final History history;
  private final AtomicInteger next = new AtomicInteger();

  /**
   * Connects lazily.
   *
   * @param ports the loopback ports of the nodes' APIs
   */
  Caller(List<Integer> ports, History history) {
    this.nodes = ports.stream().map(NodeConnection::new).toList();
    this.history = history;
  }

  History history() {
    return history;
  }

  /** The connection to one node, by its place in the list. */
  NodeConnection node(int index) {
    return nodes.get(index);
  }

  int nodeCount() {
    return nodes.size();
  }

  /** An append of one event that carries its name as event id and in its payload. */
  static Append append(String name, String source, long knownPosition, int payloadBytes) {
    return Append.newBuilder()
        .addEvents(event(name, source, payloadBytes))
        .setAppendId(appendId(knownPosition))
        .build();
  }

  /** An append of one event on condition that its source has exactly that version. */
  static Append increment(String name, String source, long version, long knownPosition) {
    return Append.newBuilder()
        .addEvents(event(name, source, 0))
        .addConditions(
            Condition.newBuilder()
                .setExpectedVersion(
                    ExpectedVersion.newBuilder().setSource(source).setExactly(version)))
        .setAppendId(appendId(knownPosition))
        .build();
  }

  static NewEvent event(String name, String source, int payloadBytes) {
    String data = "{\"name\":\"" + name + "\",\"fill\":\"" + "x".repeat(payloadBytes) + "\"}";
    return NewEvent.newBuilder()
        .setId(name)
        .setSource(source)
        .setType("Counted")
        .setSourceType("Counter")
        .addTags("fault:test")
        .setData(ByteString.copyFromUtf8(data))
        .build();
  }

  static AppendId appendId(long knownPosition) {
    return AppendId.newBuilder()
        .setId(NodeConnection.bytes(UUID.randomUUID()))
        .setKnownPosition(knownPosition)
        .build();
  }

  /**
   * Sends an append until it is known what became of it.
   *
   * @return the answer: it landed, a conflict, or a refusal that repeating does not change
   * @throws AssertionError if nothing is known within the limit
   */
  Attempt settle(Append append, Duration limit) {
    return settle(history.begin(append), limit);
  }

  /**
   * Goes on with an append that may have been sent already. See {@link #settle(Append, Duration)}.
   */
  Attempt settle(Operation operation, Duration limit) {
    long deadline = System.nanoTime() + limit.toNanos();
    Attempt last = new Attempt.Unknown("never sent");
    while (System.nanoTime() < deadline) {
      NodeConnection node = nodes.get(Math.floorMod(next.get(), nodes.size()));
      last = send(operation, node, SENDING_LIMIT);
      if (settles(last)) {
        return last;
      }
      next.incrementAndGet(); // Another node may know better; every caller goes there.
      java.util.concurrent.locks.LockSupport.parkNanos(BETWEEN_SENDINGS.toNanos());
    }
    throw new AssertionError(
        "after " + limit + " nobody knows what became of " + operation + ": " + last);
  }

  /** Sends an append once, to one node, and notes what it came to. */
  Attempt send(Operation operation, NodeConnection node, Duration limit) {
    long sent = System.nanoTime();
    return operation.answered(sent, node.append(operation.append(), limit));
  }

  private static boolean settles(Attempt attempt) {
    if (attempt instanceof Attempt.NotAppended refused) {
      return switch (refused.code()) {
        case ERROR_CODE_UNAVAILABLE, ERROR_CODE_OVERLOADED, ERROR_CODE_DEADLINE_EXCEEDED -> false;
        default -> true;
      };
    }
    return !(attempt instanceof Attempt.Unknown);
  }

  /** A source's version, linearizable, from whichever node answers first; noted in the history. */
  GetSourceResponse readSource(String source, Duration limit) {
    return Await.value(
        "some node to tell the version of " + source,
        limit,
        () -> {
          NodeConnection node = nodes.get(Math.floorMod(next.get(), nodes.size()));
          long sent = System.nanoTime();
          try {
            GetSourceResponse response = node.source(source, SENDING_LIMIT);
            history.read(source, response.getVersion(), sent);
            return Optional.of(response);
          } catch (StatusRuntimeException e) {
            node.reconnectSoon();
            next.incrementAndGet();
            return Optional.empty();
          }
        });
  }

  @Override
  public void close() {
    nodes.forEach(NodeConnection::close);
  }
}
