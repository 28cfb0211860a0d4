package io.varve.statemachine.dedup;

import io.varve.statemachine.Outcome.Appended;
import io.varve.statemachine.Outcome.SourceVersion;
import io.varve.statemachine.StoredEvent;
import io.varve.statemachine.store.AppendRow;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongFunction;

/** Rebuilds the answer an append got from the events it left, so that it need not be kept. */
public final class OriginalAnswer {

  private OriginalAnswer() {}

  /**
   * The original answer to a remembered append, marked replayed.
   *
   * @param event the event at a position
   */
  public static Appended to(AppendRow append, LongFunction<StoredEvent> event) {
    Map<String, Long> versions = new LinkedHashMap<>();
    long recordedMicros = 0;
    for (long i = append.firstPosition(); i <= append.lastPosition(); i++) {
      StoredEvent appended = event.apply(i);
      versions.put(appended.source(), appended.version());
      recordedMicros = appended.recordedMicros();
    }
    List<SourceVersion> inOrder = new ArrayList<>(versions.size());
    versions.forEach((source, version) -> inOrder.add(new SourceVersion(source, version)));
    return new Appended(
        append.firstPosition(), append.lastPosition(), inOrder, recordedMicros, true);
  }
}
