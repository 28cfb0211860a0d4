package io.varve.client.json;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.AppendResult.Appended;
import io.varve.client.AppendResult.Conflict;
import io.varve.client.AppendResult.ConflictingEvent;
import io.varve.client.AppendResult.FailedCondition;
import io.varve.client.ConcurrencyScope;
import io.varve.client.ExpectedVersion;
import io.varve.client.Filter;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ResultJsonTest {

  @Test
  void appended() {
    Map<String, Long> versions = new LinkedHashMap<>();
    versions.put("z", 3L);
    versions.put("a", 1L);

    assertThat(
            ResultJson.write(
                new Appended(7, 9, versions, Instant.parse("2026-11-21T10:00:00Z"), true)))
        .isEqualTo(
            "{\"outcome\":\"appended\",\"firstPosition\":7,\"lastPosition\":9,"
                + "\"versions\":{\"z\":3,\"a\":1},\"recorded\":\"2026-11-21T10:00:00.000000Z\","
                + "\"replayed\":true}");
  }

  @Test
  void conflictListsEveryFailedCondition() {
    Conflict conflict =
        new Conflict(
            List.of(
                new FailedCondition(
                    0,
                    ExpectedVersion.exactly("s", 2),
                    5,
                    Optional.of(new ConflictingEvent(17, "s", "T"))),
                new FailedCondition(1, ExpectedVersion.exists("gone"), 0, Optional.empty()),
                new FailedCondition(
                    3,
                    ExpectedVersion.notExists("s"),
                    5,
                    Optional.of(new ConflictingEvent(17, "s", "T"))),
                new FailedCondition(
                    4,
                    new ConcurrencyScope(Filter.tags("seat:1"), 12),
                    0,
                    Optional.of(new ConflictingEvent(16, "other", "Taken")))));

    assertThat(ResultJson.write(conflict))
        .isEqualTo(
            "{\"outcome\":\"conflict\",\"failed\":["
                + "{\"condition\":0,\"expected\":2,\"found\":5,\"position\":17,\"source\":\"s\","
                + "\"type\":\"T\"},"
                + "{\"condition\":1,\"expected\":\"exists\",\"found\":0,\"source\":\"gone\"},"
                + "{\"condition\":3,\"expected\":\"none\",\"found\":5,\"position\":17,"
                + "\"source\":\"s\",\"type\":\"T\"},"
                + "{\"condition\":4,\"expected\":{\"anyOf\":[{\"tags\":[\"seat:1\"]}],\"after\":12},"
                + "\"found\":16,\"position\":16,\"source\":\"other\",\"type\":\"Taken\"}]}");
  }

  @Test
  void errors() {
    assertThat(ResultJson.error("INVALID_ARGUMENT", "a \"message\"", "append.events[0].source"))
        .isEqualTo(
            "{\"outcome\":\"error\",\"code\":\"INVALID_ARGUMENT\",\"message\":\"a \\\"message\\\"\","
                + "\"field\":\"append.events[0].source\"}");
  }
}
