package io.varve.faults;

import com.google.protobuf.Timestamp;
import io.varve.proto.v1.RecordedEvent;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What holds for every log, whatever was sent to it. */
final class LogOrder {
  private LogOrder() {}

  /**
   * Where positions or versions leave a gap, or recorded time runs backwards.
   *
   * @param log the whole log, from position 1
   */
  static List<String> check(List<RecordedEvent> log) {
    List<String> findings = new ArrayList<>();
    Map<String, Long> versions = new HashMap<>();
    long recorded = 0;
    for (int i = 0; i < log.size(); i++) {
      RecordedEvent event = log.get(i);
      if (event.getPosition() != i + 1) {
        findings.add(
            "position: event %d of the log is at position %d"
                .formatted(i + 1, event.getPosition()));
      }
      long version = versions.merge(event.getSource(), 1L, Long::sum);
      if (event.getVersion() != version) {
        findings.add(
            "version: %s at position %d has version %d, not %d"
                .formatted(event.getSource(), event.getPosition(), event.getVersion(), version));
      }
      if (micros(event.getRecorded()) < recorded) {
        findings.add("recorded: time runs backwards at position %d".formatted(event.getPosition()));
      }
      recorded = micros(event.getRecorded());
    }
    return findings;
  }

  static long micros(Timestamp timestamp) {
    return timestamp.getSeconds() * 1_000_000 + timestamp.getNanos() / 1_000;
  }
}
