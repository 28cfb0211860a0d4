package io.varve.gateway.sse;

import io.varve.client.Bytes;
import io.varve.client.Event;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Events as a log might hold them. */
final class Events {
  private Events() {}

  static Event event(long position, String source, String type, String data, String... tags) {
    return new Event(
        position,
        source,
        1,
        type,
        "SourceType",
        "StreamType",
        "2026-11",
        List.of(tags),
        "",
        false,
        Bytes.utf8(data),
        "",
        Bytes.empty(),
        Optional.empty(),
        Instant.EPOCH,
        "",
        "",
        "",
        0);
  }
}
