package io.varve.statemachine.audit;

import com.google.protobuf.ByteString;
import io.varve.statemachine.StoreAudit;
import io.varve.statemachine.StoreException;
import io.varve.statemachine.store.LogSettings;
import io.varve.statemachine.store.StoreContents;
import io.varve.statemachine.store.StoreState;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The work of a {@link StoreAudit}. One pass over the event records recomputes the chain and looks
 * up every key that each should have left; then one pass over each index checks its keys, so that
 * none is left over. What is damaged becomes a problem and does not end the audit.
 *
 * <p>Memory is bounded by one bit per source, label and origin, and by the events of one append.
 */
public final class StoreAuditor {

  private static final int LOG_IDENTITY_BYTES = 16;

  private final StoreContents contents;
  private final Problems problems;

  private StoreAuditor(StoreContents contents, Problems problems) {
    this.contents = contents;
    this.problems = problems;
  }

  /** See {@link StoreAudit#run(Path, long)}. */
  public static StoreAudit.Report run(Path directory, long chainPosition) {
    Problems problems = new Problems();
    try (StoreContents contents = StoreContents.open(directory, problems::add)) {
      return new StoreAuditor(contents, problems).run(chainPosition);
    }
  }

  private StoreAudit.Report run(long chainPosition) {
    Numbering numbering = new Numbering(contents);
    StoreState state = reading("meta", StoreState.empty(), contents::state);
    Optional<LogSettings> settings = reading("meta", Optional.empty(), contents::settings);
    RecordAudit records = new RecordAudit(contents, numbering, problems, chainPosition);
    reading("events", records::run);
    IndexAudit indexes = new IndexAudit(contents, numbering, problems, records.head());
    reading("by_source", () -> indexes.sources(indexes.versions(), state.nextSource()));
    reading("labels", () -> indexes.labels(indexes.postings(), state.nextLabel()));
    reading("latest", indexes::latest);
    reading("by_origin", () -> indexes.origins(indexes.sequences()));
    reading("appends", indexes::appends);
    reading("meta", () -> contents.forEachStray(records.head(), problems::add));
    audit(state, settings, records);
    return new StoreAudit.Report(
        records.head(),
        records.hashedPosition(),
        HexFormat.of().formatHex(records.hashAtPosition().toByteArray()),
        state.appliedTerm(),
        state.appliedIndex(),
        settings.map(LogSettings::logIdentity).orElse(ByteString.EMPTY),
        problems.listed(),
        problems.count());
  }

  private void audit(StoreState state, Optional<LogSettings> settings, RecordAudit records) {
    if (state.head() != records.head()) {
      problems.add("meta: head " + state.head() + ", the newest event is at " + records.head());
    }
    if (state.recordedMicros() != records.recordedMicros()) {
      problems.add(
          String.format(
              Locale.ROOT,
              "meta: recorded time %d, the newest event was recorded at %d",
              state.recordedMicros(),
              records.recordedMicros()));
    }
    if (!state.chainHash().equals(records.hash())) {
      problems.add("meta: the chain hash at the head is not that of the events");
    }
    if (settings.isEmpty() ? records.head() > 0 : !isSound(settings.get())) {
      problems.add("meta: the log has no identity");
    }
  }

  private static boolean isSound(LogSettings settings) {
    return settings.logIdentity().size() == LOG_IDENTITY_BYTES;
  }

  private void reading(String column, Runnable audit) {
    reading(
        column,
        true,
        () -> {
          audit.run();
          return true;
        });
  }

  /** Goes on elsewhere when a column family cannot be read to its end. */
  private <T> T reading(String column, T otherwise, Supplier<T> read) {
    try {
      return read.get();
    } catch (StoreException e) {
      problems.add(column + ": " + e.getMessage());
      return otherwise;
    }
  }
}
