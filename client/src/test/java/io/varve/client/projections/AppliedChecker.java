package io.varve.client.projections;

import io.varve.client.Event;
import io.varve.client.projections.Database.Row;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Judges what a projection did to a database against the log itself. */
final class AppliedChecker {

  private AppliedChecker() {}

  /**
   * What is wrong: an event left out, applied twice or before an earlier one of its source, or one
   * that is not there.
   *
   * @param events what was to be applied
   * @param rows what was, in the order of application
   */
  static List<String> check(Collection<Event> events, List<Row> rows) {
    List<String> wrong = new ArrayList<>();
    Map<Long, Integer> times = new HashMap<>();
    Map<String, Long> newest = new HashMap<>();
    for (Row row : rows) {
      times.merge(row.position(), 1, Integer::sum);
      long before = newest.getOrDefault(row.source(), 0L);
      if (row.version() <= before) {
        wrong.add(row + " was applied after version " + before);
      }
      newest.merge(row.source(), row.version(), Math::max);
    }
    for (Event event : events) {
      Integer count = times.remove(event.position());
      if (count == null) {
        wrong.add("position " + event.position() + " of " + event.source() + " was left out");
      } else if (count > 1) {
        wrong.add("position " + event.position() + " was applied " + count + " times");
      }
    }
    times
        .keySet()
        .forEach(position -> wrong.add("position " + position + " was not to be applied"));
    return wrong;
  }
}
