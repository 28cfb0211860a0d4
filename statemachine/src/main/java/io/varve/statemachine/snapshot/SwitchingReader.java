package io.varve.statemachine.snapshot;

import com.google.protobuf.ByteString;
import io.varve.proto.v1.Filter;
import io.varve.statemachine.EventCursor;
import io.varve.statemachine.LatestPage;
import io.varve.statemachine.LogClosedException;
import io.varve.statemachine.LogCore;
import io.varve.statemachine.LogReader;
import io.varve.statemachine.Outcome;
import io.varve.statemachine.SourcePage;
import io.varve.statemachine.StoreStatistics;
import io.varve.statemachine.StoredEvent;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;

/**
 * Reads the newest generation of a store, and keeps older ones open for as long as a cursor needs
 * them.
 */
final class SwitchingReader implements LogReader, AutoCloseable {

  private volatile Generation current;
  private volatile boolean closed;

  SwitchingReader(LogCore core, Runnable afterClose) {
    this.current = new Generation(core, afterClose);
  }

  /** From now on, reads go to another core. The old one is closed after its last cursor. */
  void switchTo(LogCore core, Runnable afterClose) {
    Generation old = current;
    old.afterClose = afterClose;
    current = new Generation(core, () -> {});
    old.release();
  }

  @Override
  public void close() {
    closed = true;
    // Cursors may still be open: the core itself waits for them.
    current.closeNow();
  }

  private Generation acquire() {
    while (true) {
      Generation generation = current;
      if (generation.tryAcquire()) {
        return generation;
      }
      if (closed) {
        throw new LogClosedException();
      }
      // Otherwise it was retired between the two lines above, and there is a newer one.
    }
  }

  private <T> T read(Function<LogReader, T> query) {
    Generation generation = acquire();
    try {
      return query.apply(generation.core.reader());
    } finally {
      generation.release();
    }
  }

  private EventCursor open(Function<LogReader, EventCursor> query) {
    Generation generation = acquire();
    try {
      return new HoldingCursor(query.apply(generation.core.reader()), generation);
    } catch (RuntimeException | Error e) {
      generation.release();
      throw e;
    }
  }

  @Override
  public long head() {
    return read(LogReader::head);
  }

  @Override
  public long recordedMicros() {
    return read(LogReader::recordedMicros);
  }

  @Override
  public long appliedIndex() {
    return read(LogReader::appliedIndex);
  }

  @Override
  public ByteString logIdentity() {
    return read(LogReader::logIdentity);
  }

  @Override
  public long version(String source) {
    return read(reader -> reader.version(source));
  }

  @Override
  public Optional<StoredEvent> event(long position) {
    return read(reader -> reader.event(position));
  }

  @Override
  public Optional<Long> position(String source, long version) {
    return read(reader -> reader.position(source, version));
  }

  @Override
  public Optional<Outcome.Appended> append(UUID id) {
    return read(reader -> reader.append(id));
  }

  @Override
  public long dedupWindow() {
    return read(LogReader::dedupWindow);
  }

  @Override
  public LatestPage latest(
      String source, String keyPrefix, String afterKey, int mostEvents, long mostBytes) {
    return read(reader -> reader.latest(source, keyPrefix, afterKey, mostEvents, mostBytes));
  }

  @Override
  public SourcePage sources(String prefix, String afterSource, int most) {
    return read(reader -> reader.sources(prefix, afterSource, most));
  }

  @Override
  public long positionAt(long recordedMicros) {
    return read(reader -> reader.positionAt(recordedMicros));
  }

  @Override
  public long lastSequence(String clientId, String bufferId) {
    return read(reader -> reader.lastSequence(clientId, bufferId));
  }

  @Override
  public Optional<ByteString> chainHash(long position) {
    return read(reader -> reader.chainHash(position));
  }

  @Override
  public StoreStatistics statistics() {
    return read(LogReader::statistics);
  }

  @Override
  public EventCursor log(long fromPosition, Direction direction) {
    return open(reader -> reader.log(fromPosition, direction));
  }

  @Override
  public EventCursor source(String source, long fromVersion, Direction direction) {
    return open(reader -> reader.source(source, fromVersion, direction));
  }

  @Override
  public EventCursor filter(Filter filter, long fromPosition, Direction direction) {
    return open(reader -> reader.filter(filter, fromPosition, direction));
  }

  /** A core and how many use it: itself being current counts as one. */
  private static final class Generation {
    private final LogCore core;
    private volatile Runnable afterClose;
    private int users = 1;
    private boolean closed;

    Generation(LogCore core, Runnable afterClose) {
      this.core = core;
      this.afterClose = afterClose;
    }

    synchronized boolean tryAcquire() {
      if (users == 0 || closed) {
        return false;
      }
      users++;
      return true;
    }

    void release() {
      synchronized (this) {
        users--;
        if (users > 0 || closed) {
          return;
        }
        closed = true;
      }
      core.close();
      afterClose.run();
    }

    void closeNow() {
      synchronized (this) {
        if (closed) {
          return;
        }
        closed = true;
      }
      core.close();
    }
  }

  /** A cursor that keeps its generation open. */
  private static final class HoldingCursor implements EventCursor {
    private final EventCursor cursor;
    private final Generation generation;
    private boolean closed;

    HoldingCursor(EventCursor cursor, Generation generation) {
      this.cursor = cursor;
      this.generation = generation;
    }

    @Override
    public Optional<StoredEvent> next() {
      return cursor.next();
    }

    @Override
    public long head() {
      return cursor.head();
    }

    @Override
    public void close() {
      if (closed) {
        return;
      }
      closed = true;
      try {
        cursor.close();
      } finally {
        generation.release();
      }
    }
  }
}
