package io.varve.gateway.sse;

import com.linecorp.armeria.common.HttpData;
import io.varve.client.Event;
import io.varve.client.json.EventJson;
import io.varve.client.json.Json;
import io.varve.gateway.problem.Problem;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;

/**
 * Something a stream says, as the bytes that go out; shared by all streams that say it. By the
 * format of server-sent events (WHATWG HTML, section 9.2).
 *
 * @param position the log's event, or 0
 * @param recorded when it was recorded; only with an event of the log
 * @param data the bytes; on the heap, so that nobody has to release them
 */
record Frame(long position, Optional<Instant> recorded, HttpData data) {

  static final Frame HEARTBEAT = of(": heartbeat\n\n");

  /** What a frame costs beside its bytes. */
  private static final int OVERHEAD_BYTES = 64;

  /** An event of the log. Its JSON has no line breaks: strings have them escaped. */
  static Frame of(Event event) {
    return new Frame(
        event.position(),
        Optional.of(event.recorded()),
        bytes("id: " + event.position() + "\ndata: " + EventJson.write(event) + "\n\n"));
  }

  static Frame retry(long millis) {
    return of("retry: " + millis + "\n\n");
  }

  static Frame hello(UUID logIdentity, long head) {
    return named(
        "hello",
        Json.object(
            out -> {
              out.writeStringField("logIdentity", logIdentity.toString());
              out.writeNumberField("head", head);
            }));
  }

  static Frame caughtUp(long position) {
    return positioned("caught-up", position);
  }

  static Frame checkpoint(long position) {
    return positioned("checkpoint", position);
  }

  static Frame reset(Optional<UUID> logIdentity, String reason) {
    return named(
        "reset",
        Json.object(
            out -> {
              if (logIdentity.isPresent()) {
                out.writeStringField("logIdentity", logIdentity.get().toString());
              } else {
                out.writeNullField("logIdentity");
              }
              out.writeStringField("reason", reason);
            }));
  }

  static Frame reauthenticate(Instant expires) {
    return named(
        "reauthenticate", Json.object(out -> out.writeStringField("expires", expires.toString())));
  }

  static Frame reconnect(String reason) {
    return named("reconnect", Json.object(out -> out.writeStringField("reason", reason)));
  }

  static Frame problem(Problem problem) {
    return named("problem", problem.toJson());
  }

  /** What it takes in memory, in bytes. */
  int size() {
    return data.length() + OVERHEAD_BYTES;
  }

  private static Frame positioned(String name, long position) {
    return of(
        "event: " + name + "\nid: " + position + "\ndata: {\"position\":" + position + "}\n\n");
  }

  private static Frame named(String name, String json) {
    return of("event: " + name + "\ndata: " + json + "\n\n");
  }

  private static Frame of(String text) {
    return new Frame(0, Optional.empty(), bytes(text));
  }

  private static HttpData bytes(String text) {
    return HttpData.wrap(text.getBytes(StandardCharsets.UTF_8));
  }
}
