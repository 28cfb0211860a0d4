package io.varve.statemachine;

import com.google.protobuf.ByteString;
import java.nio.file.Path;
import java.util.List;

/**
 * The replicated log of one node: decides commands in log order and keeps what they leave behind.
 *
 * <p>One thread at a time may call {@link #apply}, {@link #advance}, {@link #checkpoint} and {@link
 * #close}. Whatever is read goes through {@link #reader()}, from any thread. After an exception
 * from {@code apply} this core accepts no further command and the node must halt.
 */
public final class LogCore implements AutoCloseable {

  private LogCore() {}

  /** Opens the store in a directory, creating it when missing. */
  public static LogCore open(Path directory, StoreOptions options) {
    throw new UnsupportedOperationException("comes in a moment");
  }

  /**
   * Applies one committed entry of ours.
   *
   * @param term the entry's Raft term
   * @param index the entry's Raft index
   * @param command an encoded {@code varve.replicated.v1.Command}
   * @return one outcome per append, in order; empty for a founding, and for an entry at or below
   *     {@link #appliedIndex()}, which changes nothing
   * @throws UnknownCommandException if the command's format or kind is not known here
   */
  public List<Outcome> apply(long term, long index, ByteString command) {
    throw new UnsupportedOperationException("comes in a moment");
  }

  /**
   * Passes an entry that is not ours (configuration, metadata). Moves the applied index in memory
   * only; an index at or below {@link #appliedIndex()} changes nothing.
   */
  public void advance(long term, long index) {
    throw new UnsupportedOperationException("comes in a moment");
  }

  /** The Raft term of the newest applied entry; 0 = none. */
  public long appliedTerm() {
    throw new UnsupportedOperationException("comes in a moment");
  }

  /** The Raft index of the newest applied entry; −1 = none (Raft's first index is 0). */
  public long appliedIndex() {
    throw new UnsupportedOperationException("comes in a moment");
  }

  /** Reads what was applied; from any thread, until this core is closed. */
  public LogReader reader() {
    throw new UnsupportedOperationException("comes in a moment");
  }

  /**
   * Writes a consistent copy of the store, at the applied index, to a directory that must not exist
   * (hard links where the file system has them).
   */
  public void checkpoint(Path target) {
    throw new UnsupportedOperationException("comes in a moment");
  }

  /**
   * Refuses new reads from now on. The store itself is closed at once, or when the last open cursor
   * is closed.
   */
  @Override
  public void close() {
    throw new UnsupportedOperationException("comes in a moment");
  }
}
