package io.varve.statemachine.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.varve.statemachine.LogCore;
import io.varve.statemachine.LogReader;
import io.varve.statemachine.Outcome;
import io.varve.statemachine.StoreAudit;
import io.varve.statemachine.StoreOptions;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A replica made of a {@link LogCore} on disk.
 *
 * <p>With {@code flushOnClose} a restart keeps everything and a kill falls back to a copy of the
 * newest snapshot, the oldest store that Ratis can meet. Without it a restart and a kill are the
 * same: the store reopens with what was flushed.
 */
final class CoreReplica implements Replica {

  private final Scratch scratch;
  private final StoreOptions options;
  private Path store;
  private LogCore core;
  private Optional<Path> snapshot = Optional.empty();

  CoreReplica(Scratch scratch, StoreOptions options) {
    this.scratch = scratch;
    this.options = options;
    this.store = scratch.fresh("store");
    this.core = LogCore.open(store, options);
  }

  @Override
  public List<Outcome> apply(long term, long index, ByteString command) {
    return core.apply(term, index, command);
  }

  @Override
  public void advance(long term, long index) {
    core.advance(term, index);
  }

  @Override
  public long appliedIndex() {
    return core.appliedIndex();
  }

  @Override
  public LogReader reader() {
    return core.reader();
  }

  @Override
  public void restart() {
    core.close();
    core = LogCore.open(store, options);
  }

  @Override
  public void kill() {
    if (options.flushOnClose()) {
      reopen(snapshot);
    } else {
      restart();
    }
  }

  @Override
  public void takeSnapshot() {
    Path taken = scratch.fresh("snapshot");
    core.checkpoint(taken);
    snapshot.ifPresent(Scratch::delete);
    snapshot = Optional.of(taken);
  }

  @Override
  public void install(Replica other) {
    Path given = ((CoreReplica) other).snapshot.orElseThrow();
    if (other != this) {
      snapshot.ifPresent(Scratch::delete);
      snapshot = Optional.of(scratch.copy(given));
    }
    reopen(Optional.of(given));
  }

  /** Leaves the store for a copy of another, or for an empty one. */
  private void reopen(Optional<Path> from) {
    core.close();
    Scratch.delete(store);
    store = from.map(scratch::copy).orElseGet(() -> scratch.fresh("store"));
    core = LogCore.open(store, options);
  }

  /** A copy of the store as it now is, for tests that look into it or damage it. */
  Path checkpoint() {
    Path copy = scratch.fresh("checkpoint");
    core.checkpoint(copy);
    return copy;
  }

  @Override
  public Object state(boolean withIndex) {
    Path copy = checkpoint();
    try {
      StoreAudit.Report report = StoreAudit.run(copy);
      assertThat(report.problems()).as("problems that an audit finds").isEmpty();
      Map<String, Map<String, String>> dump = StoreDump.of(copy);
      if (!withIndex) {
        dump.remove("meta");
      }
      return List.of(report.head(), report.chainHash(), dump);
    } finally {
      Scratch.delete(copy);
    }
  }

  @Override
  public void close() {
    core.close();
  }
}
