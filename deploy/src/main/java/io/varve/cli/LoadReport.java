package io.varve.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import io.varve.cli.load.Measurement;
import java.io.IOException;
import java.util.Locale;

/** How every {@code varve bench} scenario tells what it measured. */
final class LoadReport {

  private LoadReport() {}

  /** The fields that all scenarios have. */
  static void write(
      JsonGenerator out, String scenario, int inFlight, int size, Measurement measured)
      throws IOException {
    out.writeStringField("scenario", scenario);
    out.writeNumberField("in_flight", inFlight);
    out.writeNumberField("size", size);
    out.writeNumberField("ops_per_s", Math.round(measured.operationsPerSecond()));
    out.writeNumberField("events_per_s", Math.round(measured.eventsPerSecond()));
    out.writeNumberField("p50_us", measured.p50Micros());
    out.writeNumberField("p99_us", measured.p99Micros());
    out.writeNumberField("p999_us", measured.p999Micros());
    out.writeNumberField("max_us", measured.maxMicros());
    out.writeNumberField("errors", measured.errors());
    out.writeNumberField("conflicts", measured.conflicts());
  }

  /**
   * The same for people.
   *
   * @param first the first line: what was done
   */
  static String text(String first, Measurement measured) {
    return String.format(
        Locale.ROOT,
        "%s%nlatency ms: p50 %.2f  p99 %.2f  p99.9 %.2f  max %.2f%nerrors %d, conflicts %d",
        first,
        measured.p50Micros() / 1e3,
        measured.p99Micros() / 1e3,
        measured.p999Micros() / 1e3,
        measured.maxMicros() / 1e3,
        measured.errors(),
        measured.conflicts());
  }
}
