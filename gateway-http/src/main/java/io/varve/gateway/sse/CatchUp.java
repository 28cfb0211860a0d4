package io.varve.gateway.sse;

import io.varve.client.Event;
import io.varve.client.EventStream;
import io.varve.client.ReadConsistency;
import io.varve.client.ReadOptions;
import io.varve.client.VarveClient;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Reads what a stream lacks, a page at a time. Blocks; for threads that may. */
final class CatchUp {

  /** How many events a page may have. */
  private static final int MAX_EVENTS = 1_024;

  /** An event's size in bytes as long as nobody knows better. */
  static final int TYPICAL_BYTES = 512;

  private CatchUp() {}

  /**
   * Events in order.
   *
   * @param frames the events
   * @param upTo nothing that is selected lies between the last of them and this position, nor
   *     before the first
   */
  record Page(List<Frame> frames, long upTo) {}

  /**
   * The next page.
   *
   * @param after behind this position
   * @param atLeast from a node that has applied this position
   * @param bytes take no further event past so many
   * @param typicalBytes how large an event of these is, as far as is known: a node is asked for as
   *     many as will fit, since what it sends in vain costs it and whoever shares its line
   */
  static Page read(
      VarveClient client,
      Selection selection,
      long after,
      long atLeast,
      int bytes,
      int typicalBytes) {
    int limit = Math.max(1, Math.min(MAX_EVENTS, bytes / Math.max(1, typicalBytes)));
    List<ReadOptions.Builder> reads = selection.reads();
    List<Frame> frames = new ArrayList<>();
    // What all reads have reached: each further one need not go beyond those before it.
    long upTo = Long.MAX_VALUE;
    for (ReadOptions.Builder options : reads) {
      upTo = read(client, options.limit(limit), after, upTo, atLeast, bytes, frames);
    }
    if (reads.size() > 1) {
      long reached = upTo;
      frames.removeIf(frame -> frame.position() > reached);
      frames.sort(Comparator.comparingLong(Frame::position));
    }
    return new Page(frames, upTo);
  }

  private static long read(
      VarveClient client,
      ReadOptions.Builder options,
      long after,
      long until,
      long atLeast,
      int bytes,
      List<Frame> frames) {
    ReadOptions asked =
        options
            .fromPosition(after + 1)
            .consistency(atLeast > 0 ? ReadConsistency.atLeast(atLeast) : ReadConsistency.local())
            .build();
    long count = 0;
    int size = 0;
    long last = after;
    try (EventStream events = client.read(asked)) {
      for (Event event : events) {
        if (event.position() > until) {
          return until;
        }
        Frame frame = Frame.of(event);
        if (size > 0 && size + frame.size() > bytes) {
          return last;
        }
        frames.add(frame);
        last = event.position();
        count++;
        size += frame.size();
      }
      return Math.min(until, count < asked.limit() ? Math.max(events.head(), last) : last);
    }
  }
}
