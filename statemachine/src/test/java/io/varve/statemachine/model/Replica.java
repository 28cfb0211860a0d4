package io.varve.statemachine.model;

import com.google.protobuf.ByteString;
import io.varve.statemachine.LogReader;
import io.varve.statemachine.Outcome;
import java.util.List;

/** A copy of the log that applies Raft entries and survives what happens to a node. */
interface Replica extends AutoCloseable {

  /** Applies an entry of ours. */
  List<Outcome> apply(long term, long index, ByteString command);

  /** Passes an entry of Ratis's own. */
  void advance(long term, long index);

  /** The newest applied Raft index; −1 = none. */
  long appliedIndex();

  /** Reads; valid until the next restart, kill or installation. */
  LogReader reader();

  /** Stops in good order and starts again. */
  void restart();

  /** Is killed and starts again with what had reached the disk. */
  void kill();

  /** Takes a snapshot of what is applied. The one before is forgotten. */
  void takeSnapshot();

  /** Throws its own store away and starts from another replica's newest snapshot. */
  void install(Replica other);

  /**
   * Everything it holds, to be compared with another replica of the same kind.
   *
   * @param withIndex whether the applied index and term count
   */
  Object state(boolean withIndex);

  @Override
  void close();
}
