package io.varve.statemachine;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.varve.proto.replicated.v1.AppendBatch;
import io.varve.proto.replicated.v1.Command;
import io.varve.proto.replicated.v1.Founding;
import io.varve.proto.v1.Append;
import io.varve.statemachine.dedup.AppendIndex;
import io.varve.statemachine.dedup.AppendMemory;
import io.varve.statemachine.dedup.OriginMemory;
import io.varve.statemachine.store.CommittedLog;
import io.varve.statemachine.store.LogSettings;
import io.varve.statemachine.store.LogStore;
import io.varve.statemachine.store.StagedLog;
import io.varve.statemachine.store.StoreState;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The replicated log of one node: decides commands in log order and keeps what they leave behind.
 *
 * <p>One thread at a time may call {@link #apply}, {@link #advance}, {@link #checkpoint} and {@link
 * #close}. Whatever is read goes through {@link #reader()}, from any thread. After an exception
 * from {@code apply} this core accepts no further command, and the node must halt.
 */
public final class LogCore implements AutoCloseable {

  private static final int COMMAND_FORMAT = 1;

  private final LogStore store;
  private final StagedLog log;
  private final AppendIndex appends = new AppendIndex();
  private final AppendDecision decision;
  private final LogReader reader;

  private volatile Published published;

  /** Whether the applied index in memory is ahead of the store's. */
  private boolean advanced;

  private boolean failed;

  private LogCore(LogStore store, StoreOptions options) {
    this.store = store;
    this.log = new StagedLog(store, options);
    this.decision = new AppendDecision(log, new AppendMemory(log, appends), new OriginMemory(log));
    this.published = new Published(store.state(), log.settings());
    CommittedLog committed = new CommittedLog(store);
    this.reader = new CoreReader(committed, appends, this::readable);
    log.settings()
        .ifPresent(
            settings ->
                committed.forEachRemembered(
                    Math.max(0, log.head() - settings.dedupWindow()),
                    row -> appends.add(row.idHigh(), row.idLow(), row.firstPosition())));
  }

  /**
   * Opens the store in a directory, creating it when missing.
   *
   * @throws StoreException if it cannot be read, is open already, or has an unknown format
   */
  public static LogCore open(Path directory, StoreOptions options) {
    LogStore store = LogStore.open(directory, options);
    try {
      return new LogCore(store, options);
    } catch (RuntimeException e) {
      store.close();
      throw e;
    }
  }

  /**
   * Applies one committed entry of ours: decides its appends one after the other and writes what
   * they leave in one batch.
   *
   * @param term the entry's Raft term
   * @param index the entry's Raft index
   * @param command an encoded {@code varve.replicated.v1.Command}
   * @return one outcome per append, in order; empty for a founding, and for an entry at or below
   *     {@link #appliedIndex()}, which changes nothing
   * @throws UnknownCommandException if the command's format or kind is not known here
   */
  public List<Outcome> apply(long term, long index, ByteString command) {
    requireIntact();
    if (index <= appliedIndex()) {
      return List.of();
    }
    failed = true;
    List<Outcome> outcomes = decide(parse(command));
    publish(log.commit(term, index));
    advanced = false;
    failed = false;
    return outcomes;
  }

  private List<Outcome> decide(Command command) {
    return switch (command.getKindCase()) {
      case APPEND_BATCH -> decide(command.getAppendBatch());
      case FOUNDING -> found(command.getFounding());
      case KIND_NOT_SET -> throw new UnknownCommandException("the command is of an unknown kind");
    };
  }

  private List<Outcome> decide(AppendBatch batch) {
    log.seedSalts(batch.getSaltSeed());
    List<Outcome> outcomes = new ArrayList<>(batch.getAppendsCount());
    for (Append append : batch.getAppendsList()) {
      outcomes.add(decision.decide(append, batch.getRecordedMicros()));
    }
    return outcomes;
  }

  private List<Outcome> found(Founding founding) {
    if (log.settings().isEmpty()) {
      log.found(
          new LogSettings(
              founding.getLogIdentity(),
              founding.getLog(),
              saturated(founding.getDedupWindow()),
              saturated(founding.getScopeStepLimit())));
    }
    return List.of();
  }

  private static Command parse(ByteString bytes) {
    Command command;
    try {
      command = Command.parseFrom(bytes);
    } catch (InvalidProtocolBufferException e) {
      throw new UnknownCommandException("the command cannot be parsed: " + e.getMessage(), e);
    }
    if (command.getFormat() != COMMAND_FORMAT) {
      throw new UnknownCommandException(
          "the command has format "
              + Integer.toUnsignedString(command.getFormat())
              + "; this version of Varve knows "
              + COMMAND_FORMAT);
    }
    return command;
  }

  /** An unsigned number, or the greatest signed one if it is above that. */
  private static long saturated(long unsigned) {
    return unsigned < 0 ? Long.MAX_VALUE : unsigned;
  }

  /**
   * Passes an entry that is not ours (configuration, metadata). Moves the applied index in memory
   * only; an index at or below {@link #appliedIndex()} changes nothing.
   */
  public void advance(long term, long index) {
    if (index > appliedIndex()) {
      publish(published.state().at(term, index));
      advanced = true;
    }
  }

  /** The Raft term of the newest applied entry; 0 = none. */
  public long appliedTerm() {
    return published.state().appliedTerm();
  }

  /** The Raft index of the newest applied entry; −1 = none (Raft's first index is 0). */
  public long appliedIndex() {
    return published.state().appliedIndex();
  }

  /** Reads what was applied; from any thread, until this core is closed. */
  public LogReader reader() {
    return reader;
  }

  /**
   * Makes durable what is applied by now. From any thread, beside {@code apply}: a checkpoint soon
   * after has little left to write, and holds apply for less.
   *
   * @throws LogClosedException if this core is closed
   */
  public void flush() {
    store.flushBesideWrites();
  }

  /**
   * Writes a consistent copy of the store, at the applied index, to a directory that must not exist
   * (hard links where the file system has them).
   */
  public void checkpoint(Path target) {
    requireIntact();
    writeAdvanced();
    store.checkpoint(target);
  }

  /**
   * Refuses new reads from now on, which throw {@link LogClosedException}. The store itself is
   * closed at once, or when the last open cursor is closed. Closing twice does nothing.
   */
  @Override
  public void close() {
    if (store.isClosed()) {
      return;
    }
    try {
      if (!failed) {
        writeAdvanced();
      }
    } finally {
      log.close();
      store.close();
    }
  }

  private void requireIntact() {
    if (failed) {
      throw new IllegalStateException("an entry could not be applied: this node must halt");
    }
  }

  private Published readable() {
    if (store.isClosed()) {
      throw new LogClosedException();
    }
    return published;
  }

  private void writeAdvanced() {
    if (advanced) {
      log.commit(appliedTerm(), appliedIndex());
      advanced = false;
    }
  }

  private void publish(StoreState state) {
    published = new Published(state, log.settings());
    log.settings().ifPresent(settings -> appends.forgetUpTo(state.head() - settings.dedupWindow()));
  }
}
