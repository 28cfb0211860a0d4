package io.varve.statemachine.store;

import io.varve.statemachine.LogReader.Direction;
import io.varve.statemachine.condition.LabelKind;
import io.varve.statemachine.condition.LogIndex;
import io.varve.statemachine.condition.VersionWalk;
import io.varve.statemachine.condition.Walk;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds committed events up to a head, either way. Each walk over a label has reads of its own. Not
 * thread-safe; holds native resources until closed.
 */
final class CommittedIndex implements LogIndex, AutoCloseable {

  private final LogStore store;
  private final long head;
  private final Direction direction;
  private final List<LabelReads> opened = new ArrayList<>();

  CommittedIndex(LogStore store, long head, Direction direction) {
    this.store = store;
    this.head = head;
    this.direction = direction;
  }

  @Override
  public Walk label(LabelKind kind, String value) {
    long label = store.names().number(new Label(kind, value));
    if (label == 0) {
      return Walk.empty();
    }
    LabelReads reads = new LabelReads(store);
    opened.add(reads);
    if (direction == Direction.BACKWARD) {
      return position -> reads.floor(label, Math.min(head, position));
    }
    return position -> {
      long found = reads.ceiling(label, position);
      return found <= head ? found : Walk.NONE;
    };
  }

  @Override
  public Walk source(String source) {
    BySourceColumn bySource = store.bySource();
    long number = store.sources().number(source);
    return new VersionWalk(
        direction,
        number == 0 ? 0 : bySource.version(number, head, store.listReads()),
        version -> bySource.position(number, version));
  }

  @Override
  public void close() {
    opened.forEach(LabelReads::close);
    opened.clear();
  }
}
