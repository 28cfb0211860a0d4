package io.varve.faults;

import io.varve.faults.History.Operation;
import io.varve.faults.NodeConnection.Sent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

/** Many distinct appends at once to one node, each sent once. */
final class Burst {
  private final List<Operation> operations = new ArrayList<>();
  private final List<Sent> sent = new ArrayList<>();
  private final List<Long> sentNanos = new ArrayList<>();

  private Burst() {}

  /** Sends them without waiting for any answer. */
  static Burst send(
      History history,
      NodeConnection node,
      String prefix,
      int count,
      long knownPosition,
      Duration limit) {
    List<Operation> operations = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      operations.add(
          history.begin(
              Caller.append(prefix + "-" + i, prefix + "-" + (i % 20), knownPosition, 40)));
    }
    return again(node, operations, limit);
  }

  /** Sends appends, maybe not for the first time, without waiting for any answer. */
  static Burst again(NodeConnection node, List<Operation> operations, Duration limit) {
    Burst burst = new Burst();
    for (Operation operation : operations) {
      burst.operations.add(operation);
      burst.sentNanos.add(System.nanoTime());
      burst.sent.add(node.send(operation.append(), limit));
    }
    return burst;
  }

  /** Sends them, some at a time, and waits for every answer. */
  static List<Attempt> exchange(
      History history,
      NodeConnection node,
      String prefix,
      int count,
      int payloadBytes,
      Duration limit)
      throws Exception {
    List<Callable<Attempt>> appends = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Operation operation =
          history.begin(Caller.append(prefix + "-" + i, prefix + "-" + (i % 50), 0, payloadBytes));
      appends.add(
          () -> {
            long sent = System.nanoTime();
            return operation.answered(sent, node.append(operation.append(), limit));
          });
    }
    return Parallel.all(64, appends);
  }

  List<Operation> operations() {
    return List.copyOf(operations);
  }

  /** How many have no answer yet. */
  long unanswered() {
    return sent.stream().filter(one -> !one.done()).count();
  }

  /** Waits for what becomes of each sending, and notes it. */
  List<Attempt> outcomes() {
    List<Attempt> outcomes = new ArrayList<>();
    for (int i = 0; i < sent.size(); i++) {
      outcomes.add(operations.get(i).answered(sentNanos.get(i), sent.get(i).outcome()));
    }
    return outcomes;
  }
}
