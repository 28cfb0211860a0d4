package io.varve.statemachine.bench;

import com.google.protobuf.ByteString;
import io.varve.proto.replicated.v1.AppendBatch;
import io.varve.proto.replicated.v1.Command;
import io.varve.proto.replicated.v1.Founding;
import io.varve.proto.v1.Append;
import io.varve.proto.v1.AppendId;
import io.varve.proto.v1.NewEvent;
import io.varve.statemachine.LogCore;
import io.varve.statemachine.Outcome;
import io.varve.statemachine.StoreOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * A log in a directory of its own, filled with events of 128 bytes. The event at position p is of
 * source {@code customer-(p mod 10,000)} and has its source type, its event type, and the tags
 * {@code order:(p mod 10,000)} and {@code parity:(p mod 2)}; every thousandth has the stream type
 * {@code Rare}.
 */
final class StoredLog implements AutoCloseable {

  static final int SOURCES = 10_000;
  static final int RARE_EVERY = 1_000;

  private static final int APPENDS_PER_ENTRY = 512;
  private static final ByteString PAYLOAD = ByteString.copyFrom(new byte[128]);

  private final Path directory;
  private final StoreOptions options = StoreOptions.defaults();
  private LogCore core;

  StoredLog(int events) {
    try {
      directory = Files.createTempDirectory("stored-log");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    core = LogCore.open(directory, options);
    core.apply(1, 0, founding().toByteString());
    while (head() < events) {
      AppendBatch.Builder batch = batch();
      for (long p = head() + 1; p <= Math.min(events, head() + APPENDS_PER_ENTRY); p++) {
        batch.addAppends(withId(p, Append.newBuilder().addEvents(event(p))));
      }
      apply(batch);
    }
  }

  /** The newest position. */
  long head() {
    return core.reader().head();
  }

  LogCore core() {
    return core;
  }

  /** Closes the log, flushed, and opens it again; returns how long that took, in nanoseconds. */
  long reopen() {
    core.close();
    long before = System.nanoTime();
    core = LogCore.open(directory, options);
    return System.nanoTime() - before;
  }

  /** The event that stands, or would stand, at a position. */
  static NewEvent event(long position) {
    NewEvent.Builder event =
        NewEvent.newBuilder()
            .setSource(source(position))
            .setType("PaymentProcessed")
            .setSourceType("Customer")
            .addTags("order:" + position % SOURCES)
            .addTags("parity:" + position % 2)
            .setData(PAYLOAD);
    if (position % RARE_EVERY == 0) {
      event.setStreamType("Rare");
    }
    return event.build();
  }

  static String source(long position) {
    return "customer-" + position % SOURCES;
  }

  /** An append with the id that belongs to a position, known from just before it. */
  static Append withId(long position, Append.Builder append) {
    ByteBuffer id = ByteBuffer.allocate(16).putLong(position * 0x9E3779B97F4A7C15L);
    id.putLong(position).flip();
    return append
        .setAppendId(
            AppendId.newBuilder().setId(ByteString.copyFrom(id)).setKnownPosition(position - 1))
        .build();
  }

  /** An entry of one append, encoded. */
  ByteString entry(Append append) {
    return command(batch().addAppends(append)).toByteString();
  }

  List<Outcome> apply(AppendBatch.Builder batch) {
    return apply(command(batch).toByteString());
  }

  List<Outcome> apply(ByteString command) {
    return core.apply(1, core.appliedIndex() + 1, command);
  }

  private AppendBatch.Builder batch() {
    return AppendBatch.newBuilder()
        .setRecordedMicros(1_700_000_000_000_000L + core.appliedIndex())
        .setSaltSeed(ByteString.copyFrom(new byte[16]));
  }

  private static Command command(AppendBatch.Builder batch) {
    return Command.newBuilder().setFormat(1).setAppendBatch(batch).build();
  }

  private static Command founding() {
    return Command.newBuilder()
        .setFormat(1)
        .setFounding(
            Founding.newBuilder()
                .setLogIdentity(ByteString.copyFrom(new byte[16]))
                .setLog("default")
                .setDedupWindow(1_000_000)
                .setScopeStepLimit(100_000))
        .build();
  }

  @Override
  public void close() {
    core.close();
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
