package io.varve.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.gateway.problem.ProblemException;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QueryTest {
  private static final Set<String> KNOWN = Set.of("a", "tag");

  private static Query of(String path) {
    return Query.of(path, KNOWN, Set.of("tag"));
  }

  @Test
  void valuesAreDecodedAsFormsWriteThem() {
    assertThat(of("/x?a=1+2%2B3%20%C3%BC").text("a")).contains("1 2+3 \u00fc");
    assertThat(of("/x").text("a")).isEmpty();
    assertThat(of("/x?").text("a")).isEmpty();
    assertThat(of("/x?a=").text("a")).contains("");
    assertThat(of("/x?a=b=c").text("a")).contains("b=c");
    assertThat(of("/x?a=b?c").text("a")).contains("b?c");
    assertThat(of("/x?tag=1&&tag=2").all("tag")).containsExactly("1", "2");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/x?b=1",
        "/x?a",
        "/x?a=1&a=2",
        "/x?a=%",
        "/x?a=%4",
        "/x?a=%zz",
        "/x?a=%ff",
        "/x?%ff=1",
        "/x?a=%ed%a0%80",
        "/x?a=%c0%80",
        "/x?A=1",
        "/x?=1"
      })
  void whatIsNotKnownOrIllFormedIsRefused(String path) {
    assertThatThrownBy(() -> of(path))
        .isInstanceOf(ProblemException.class)
        .hasMessageStartingWith("INVALID_ARGUMENT");
  }

  @Test
  void aQueryHasSoManyParametersAtMost() {
    assertThatThrownBy(() -> of("/x?" + "tag=1&".repeat(257))).hasMessageContaining("256");
    assertThat(of("/x?" + "tag=1&".repeat(256)).all("tag")).hasSize(256);
  }

  @Test
  void numbersAreWrittenOneWay() {
    assertThat(of("/x?a=0").position("a")).hasValue(0);
    assertThat(of("/x?a=9223372036854775807").position("a")).hasValue(Long.MAX_VALUE);
    for (String bad :
        new String[] {
          "", "-1", "+1", "%2B1", "01", "1.0", "1e3", "0x1", "9223372036854775808", "%D9%A1"
        }) {
      assertThatThrownBy(() -> of("/x?a=" + bad).position("a")).as(bad).hasMessageContaining("'a'");
    }
  }

  @Test
  void uuidsAreWrittenInFull() {
    assertThat(of("/x?a=3f2504e0-4f89-41d3-9a0c-0305e82c3301").uuid("a")).isPresent();
    for (String bad : new String[] {"1-1-1-1-1", "", "3f2504e04f8941d39a0c0305e82c3301"}) {
      assertThatThrownBy(() -> of("/x?a=" + bad).uuid("a")).as(bad).hasMessageContaining("'a'");
    }
  }
}
