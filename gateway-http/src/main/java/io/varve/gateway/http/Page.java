package io.varve.gateway.http;

import com.linecorp.armeria.common.HttpData;
import io.varve.client.Event;
import io.varve.client.EventStream;
import io.varve.client.VarveClient;
import io.varve.client.json.EventJson;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/**
 * A page of events.
 *
 * @param body the whole answer
 * @param empty whether it has no event
 * @param next where the next page begins
 * @param head the head it was read at
 * @param identity the log's identity
 */
record Page(HttpData body, boolean empty, long next, long head, UUID identity) {

  /** A page ends early rather than beyond this many bytes of events; one event always fits. */
  static final int MAX_BYTES = 4 << 20;

  /** Reads a page. Blocks; what it holds in memory is the page and a few batches of the read. */
  static Page read(VarveClient client, PullQuery query) {
    ByteArrayOutputStream events = new ByteArrayOutputStream(8 << 10);
    long head;
    long last = 0;
    int count = 0;
    boolean more = false;
    try (EventStream stream = client.read(query.read())) {
      head = stream.head();
      for (Event event : stream) {
        byte[] json = EventJson.write(event).getBytes(StandardCharsets.UTF_8);
        more = count == query.limit() || (count > 0 && events.size() + json.length > MAX_BYTES);
        if (more) {
          break;
        }
        if (count > 0) {
          events.write(',');
        }
        events.write(json, 0, json.length);
        last = event.position();
        count++;
      }
    }
    long next;
    if (more) {
      next = last;
    } else {
      // Everything up to the head was looked at; descending, nothing is left before 1.
      next = query.descending() ? 1 : Math.max(head, query.after());
    }
    return of(client.logIdentity().orElseThrow(), head, events, count == 0, next, more);
  }

  /** An empty page of an ascending pull that has looked at everything up to a position. */
  Page lookedAt(long position) {
    return of(
        identity,
        Math.max(head, position),
        new ByteArrayOutputStream(0),
        true,
        Math.max(next, position),
        false);
  }

  private static Page of(
      UUID identity,
      long head,
      ByteArrayOutputStream events,
      boolean empty,
      long next,
      boolean more) {
    ByteArrayOutputStream body = new ByteArrayOutputStream(events.size() + 160);
    text(body, "{\"logIdentity\":\"" + identity + "\",\"head\":" + head + ",\"events\":[");
    body.writeBytes(events.toByteArray());
    text(body, "],\"next\":" + next + ",\"more\":" + more + "}");
    return new Page(HttpData.wrap(body.toByteArray()), empty, next, head, identity);
  }

  private static void text(ByteArrayOutputStream out, String text) {
    out.writeBytes(text.getBytes(StandardCharsets.UTF_8));
  }
}
