package io.varve.gateway.sse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.RequestHeaders;
import io.varve.gateway.problem.ProblemException;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StreamQueryTest {
  private static final RequestHeaders NONE = RequestHeaders.of(HttpMethod.GET, "/v1/stream");

  @Test
  void nothingNamedIsTheWholeLogFromItsFirstEvent() {
    StreamQuery query = StreamQuery.of(null, NONE);
    assertThat(query.selection()).isEqualTo(new Selection.WholeLog());
    assertThat(query.after()).hasValue(0);
    assertThat(query.logIdentity()).isEmpty();
    assertThat(StreamQuery.of("", NONE)).isEqualTo(query);
  }

  @Test
  void sourcesAreJustNames() {
    UUID identity = UUID.randomUUID();
    StreamQuery query =
        StreamQuery.of(
            "source=a%2F..%2Fb&source=100%25&source=%E2%82%AC+x&source=a=b&source=100%25&after=head"
                + "&logIdentity="
                + identity,
            NONE);
    assertThat(query.selection())
        .isEqualTo(new Selection.Sources(new TreeSet<>(Set.of("a/../b", "100%", "€ x", "a=b"))));
    assertThat(query.after()).isEqualTo(OptionalLong.empty());
    assertThat(query.logIdentity()).contains(identity);
  }

  @Test
  void whatAClientResumesWithGoesBeforeWhatItAskedFor() {
    RequestHeaders resumed = NONE.withMutations(headers -> headers.add("Last-Event-ID", "7"));
    StreamQuery query = StreamQuery.of("after=3", resumed);
    assertThat(query.after()).hasValue(7);
    assertThat(query.afterField()).isEqualTo("Last-Event-ID");
    assertThat(StreamQuery.of("after=3", NONE).after()).hasValue(3);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "source=%",
        "source=%4",
        "source=%zz",
        "source=%80",
        "source=%ed%a0%80",
        "after=1x",
        "after=+1",
        "after=1e3",
        "after=99999999999999999999",
        "after=١",
        "logIdentity=x",
        "filter=[]",
        "filter={\"anyOf\":[{\"x\":1}]}",
        "filter={\"anyOf\":[{}]}&filter={\"anyOf\":[{}]}",
        "&",
        "a",
        "source=a&",
      })
  void whatIsMalformedIsRefused(String query) {
    assertThatExceptionOfType(ProblemException.class)
        .isThrownBy(() -> StreamQuery.of(query, NONE))
        .satisfies(refused -> assertThat(refused.problem().status().code()).isEqualTo(400));
  }

  @Test
  void aSourceOfMoreThan512BytesIsRefused() {
    assertThat(StreamQuery.of("source=" + "x".repeat(512), NONE).selection())
        .isInstanceOf(Selection.Sources.class);
    assertThatExceptionOfType(ProblemException.class)
        .isThrownBy(() -> StreamQuery.of("source=" + "x".repeat(513), NONE))
        .withMessageContaining("1 to 512 bytes of UTF-8: 513");
  }
}
