package io.varve.client.json;

import com.fasterxml.jackson.core.JsonGenerator;
import io.varve.client.AppendResult;
import io.varve.client.AppendResult.Appended;
import io.varve.client.AppendResult.Conflict;
import io.varve.client.AppendResult.ConflictingEvent;
import io.varve.client.AppendResult.FailedCondition;
import io.varve.client.ConcurrencyScope;
import io.varve.client.ExpectedVersion;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;

/** What became of an append, and errors, in JSON. */
public final class ResultJson {
  private ResultJson() {}

  /** One append's outcome on one line. */
  public static String write(AppendResult result) {
    return Json.object(
        out -> {
          if (result instanceof Appended appended) {
            appended(out, appended);
          } else if (result instanceof Conflict conflict) {
            conflict(out, conflict);
          }
        });
  }

  /** An error on one line; {@code field} is empty when no one field is at fault. */
  public static String error(String code, String message, String field) {
    return Json.object(
        out -> {
          out.writeStringField("outcome", "error");
          out.writeStringField("code", code);
          out.writeStringField("message", message);
          out.writeStringField("field", field);
        });
  }

  private static void appended(JsonGenerator out, Appended appended) throws IOException {
    out.writeStringField("outcome", "appended");
    out.writeNumberField("firstPosition", appended.firstPosition());
    out.writeNumberField("lastPosition", appended.lastPosition());
    out.writeObjectFieldStart("versions");
    for (Map.Entry<String, Long> version : appended.versions().entrySet()) {
      out.writeNumberField(version.getKey(), version.getValue());
    }
    out.writeEndObject();
    out.writeStringField("recorded", Json.time(appended.recorded()));
    out.writeBooleanField("replayed", appended.replayed());
  }

  private static void conflict(JsonGenerator out, Conflict conflict) throws IOException {
    out.writeStringField("outcome", "conflict");
    writeFailed(out, conflict);
  }

  /** A conflict's conditions, as the field {@code failed} of an object that was begun. */
  public static void writeFailed(JsonGenerator out, Conflict conflict) throws IOException {
    out.writeArrayFieldStart("failed");
    for (FailedCondition failed : conflict.failed()) {
      out.writeStartObject();
      out.writeNumberField("condition", failed.index());
      if (failed.expected() instanceof ExpectedVersion version) {
        failedVersion(out, failed, version);
      } else if (failed.expected() instanceof ConcurrencyScope scope) {
        failedScope(out, failed, scope);
      }
      out.writeEndObject();
    }
    out.writeEndArray();
  }

  /** {@code expected} in the words of {@code --expected-version}; {@code found} is the version. */
  private static void failedVersion(
      JsonGenerator out, FailedCondition failed, ExpectedVersion expected) throws IOException {
    if (expected.expected() instanceof ExpectedVersion.Exactly exactly) {
      out.writeNumberField("expected", exactly.version());
    } else {
      out.writeStringField(
          "expected",
          expected.expected() == ExpectedVersion.Existence.MUST_EXIST ? "exists" : "none");
    }
    out.writeNumberField("found", failed.foundVersion());
    Optional<ConflictingEvent> newest = failed.newest();
    if (newest.isPresent()) {
      out.writeNumberField("position", newest.get().position());
    }
    out.writeStringField("source", expected.source());
    if (newest.isPresent()) {
      out.writeStringField("type", newest.get().type());
    }
  }

  /** {@code expected} is the scope; {@code found} is where the newest conflicting event stands. */
  private static void failedScope(
      JsonGenerator out, FailedCondition failed, ConcurrencyScope expected) throws IOException {
    out.writeFieldName("expected");
    FilterJson.write(out, expected);
    if (failed.newest().isPresent()) {
      ConflictingEvent newest = failed.newest().get();
      out.writeNumberField("found", newest.position());
      out.writeNumberField("position", newest.position());
      out.writeStringField("source", newest.source());
      out.writeStringField("type", newest.type());
    }
  }
}
