package io.varve.faults;

import io.varve.faults.History.Operation;
import io.varve.faults.NodeConnection.Sent;
import io.varve.proto.v1.Append;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * Appends whose replies are lost: sent through a {@link CuttingProxy} that swallows what the node
 * answers, seen to land from elsewhere, and only then cut off. So every one of them has landed, and
 * no caller knows it.
 */
final class LostReplies {
  private static final Duration SENDING_LIMIT = Duration.ofMinutes(2);

  private final CuttingProxy proxy;
  private final History history;
  private final LongSupplier head;

  /**
   * Sets up.
   *
   * @param proxy stands before the node that is to be sent to
   * @param head the head as seen from elsewhere, not through the proxy
   */
  LostReplies(CuttingProxy proxy, History history, LongSupplier head) {
    this.proxy = proxy;
    this.history = history;
    this.head = head;
  }

  /**
   * Loses the replies to that many appends, at most some of them in one go: a connection's flow
   * control would not let many more through without a reply.
   *
   * @return the appends, each sent once and none answered
   */
  List<Operation> lose(String prefix, int count, int inOneGo, int sources) {
    List<Operation> lost = new ArrayList<>();
    while (lost.size() < count) {
      int batch = Math.min(inOneGo, count - lost.size());
      // One call each, and all on one stream, by turns.
      boolean pipelined = lost.size() / inOneGo % 2 == 1;
      lost.addAll(loseOnce(prefix + "-" + lost.size(), batch, sources, pipelined));
    }
    return lost;
  }

  private List<Operation> loseOnce(String prefix, int count, int sources, boolean pipelined) {
    long swallowedBefore = proxy.swallowedBytes();
    long cutBefore = proxy.cutConnections();
    List<Operation> operations = new ArrayList<>();
    try (NodeConnection connection = new NodeConnection(proxy.port())) {
      connection.head(SENDING_LIMIT); // So that the connection stands before replies are lost.
      long before = head.getAsLong();
      proxy.swallowReplies();
      for (int i = 0; i < count; i++) {
        Append append = Caller.append(prefix + "-" + i, "lost-" + (i % sources), before, 10);
        operations.add(history.begin(append));
      }
      long sentNanos = System.nanoTime();
      List<Append> appends = operations.stream().map(Operation::append).toList();
      List<Sent> sent =
          pipelined
              ? connection.stream(appends, SENDING_LIMIT)
              : appends.stream().map(append -> connection.send(append, SENDING_LIMIT)).toList();
      Await.until(
          count + " appends to land whose replies are swallowed",
          SENDING_LIMIT,
          () -> head.getAsLong() == before + count,
          () -> "head " + head.getAsLong() + " after " + before);
      Await.until(
          "replies to be swallowed", SENDING_LIMIT, () -> proxy.swallowedBytes() > swallowedBefore);
      proxy.cut();
      for (int i = 0; i < count; i++) {
        Attempt attempt = operations.get(i).answered(sentNanos, sent.get(i).outcome());
        if (!(attempt instanceof Attempt.Unknown)) {
          throw new AssertionError("the reply was to be lost, and came: " + attempt);
        }
      }
    } finally {
      proxy.forward();
    }
    if (proxy.cutConnections() == cutBefore) {
      throw new AssertionError("no connection was cut");
    }
    return operations;
  }
}
