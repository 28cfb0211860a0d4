package io.varve.node.pipeline;

import com.google.protobuf.UnsafeByteOperations;
import io.varve.node.pipeline.PipelineAnswer.NotAppended;
import io.varve.node.pipeline.PipelineAnswer.Reason;
import io.varve.proto.replicated.v1.AppendBatch;
import io.varve.proto.replicated.v1.Command;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Makes the next entry of whatever has queued, and stamps it. */
final class EntryBuilder {

  private static final int COMMAND_FORMAT = 1;

  private static final NotAppended EXPIRED =
      new NotAppended(
          Reason.DEADLINE_EXCEEDED, "the deadline passed while the append was still queued");

  private final AppendQueue queue;
  private final PipelineOptions options;
  private final PipelineMetrics metrics;

  EntryBuilder(AppendQueue queue, PipelineOptions options, PipelineMetrics metrics) {
    this.queue = queue;
    this.options = options;
    this.metrics = metrics;
  }

  /** The next entry, or empty when no append waits that still wants to go. */
  Optional<InFlightEntry> next() {
    List<PendingAppend> taken = new ArrayList<>(Math.min(queue.size(), options.maxEntryAppends()));
    AppendBatch.Builder batch = AppendBatch.newBuilder();
    long now = options.nanoTime().getAsLong();
    long earliestDeadline = 0;
    long bytes = 0;
    PendingAppend append;
    while (taken.size() < options.maxEntryAppends() && (append = queue.peek()) != null) {
      if (!taken.isEmpty() && bytes + append.bytes() > options.maxEntryBytes()) {
        break;
      }
      queue.remove(append);
      if (append.expired(now)) {
        giveUp(append);
      } else if (append.handOver()) {
        if (taken.isEmpty() || append.deadlineNanos() - earliestDeadline < 0) {
          earliestDeadline = append.deadlineNanos();
        }
        taken.add(append);
        batch.addAppends(append.append());
        bytes += append.bytes();
      }
    }
    if (taken.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(new InFlightEntry(taken, stamp(batch), (int) bytes, now, earliestDeadline));
  }

  private void giveUp(PendingAppend append) {
    if (append.answerQueued(EXPIRED)) {
      metrics.answered(EXPIRED, 0);
    }
  }

  /** Answers every append in the queue whose deadline has passed. */
  void sweep(long nowNanos) {
    queue.removeIf(
        append -> {
          if (append.expired(nowNanos)) {
            giveUp(append);
          }
          return !append.isQueued();
        });
  }

  private Command stamp(AppendBatch.Builder batch) {
    Instant now = options.clock().instant();
    batch
        .setRecordedMicros(now.getEpochSecond() * 1_000_000 + now.getNano() / 1_000)
        .setSaltSeed(UnsafeByteOperations.unsafeWrap(options.saltSeeds().get()));
    return Command.newBuilder().setFormat(COMMAND_FORMAT).setAppendBatch(batch).build();
  }
}
