package io.varve.client.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.client.ConcurrencyScope;
import io.varve.client.Filter;
import io.varve.client.FilterItem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FilterJsonTest {
  private static final String EVERY_LABEL =
      "{\"anyOf\":[{\"source\":\"s\",\"sourceType\":\"st\",\"streamType\":\"rt\",\"streamId\":\"id\","
          + "\"types\":[\"A\",\"B\"],\"tags\":[\"x\",\"y\"]},{\"source\":\"other\"}]";

  private static final Filter EVERY_LABEL_FILTER =
      Filter.anyOf(
          FilterItem.builder()
              .source("s")
              .sourceType("st")
              .streamType("rt")
              .streamId("id")
              .types("A", "B")
              .tags("x", "y")
              .build(),
          FilterItem.builder().source("other").build());

  @Test
  void readsEveryLabel() {
    assertThat(FilterJson.readFilter(EVERY_LABEL + "}")).isEqualTo(EVERY_LABEL_FILTER);
  }

  @Test
  void scopesAreFiltersWithAfter() {
    String json = EVERY_LABEL + ",\"after\":9223372036854775807}";

    ConcurrencyScope scope = FilterJson.readScope(json);

    assertThat(scope).isEqualTo(new ConcurrencyScope(EVERY_LABEL_FILTER, Long.MAX_VALUE));
    assertThat(Json.text(out -> FilterJson.write(out, scope))).isEqualTo(json);
  }

  /**
   * Deciding whether that is valid is the log's part; here it must only not become something else.
   */
  @Test
  void emptyFiltersStayEmpty() {
    assertThat(FilterJson.readFilter("{\"anyOf\":[]}").anyOf()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''                                         | there is no JSON value",
        "nonsense                                   | Unrecognized token",
        "[]                                         | is a JSON object",
        "{}                                         | must be an array",
        "{\"anyOf\":{}}                             | must be an array",
        "{\"anyOf\":[\"x\"]}                        | is a JSON object",
        "{\"anyOf\":[{\"sourcetype\":\"x\"}]}       | no field 'sourcetype'",
        "{\"anyof\":[{\"source\":\"x\"}]}           | no field 'anyof'",
        "{\"anyOf\":[{\"types\":\"x\"}]}            | must be an array of strings",
        "{\"anyOf\":[{\"source\":1}]}               | must be a string",
        "{\"anyOf\":[{\"source\":\"x\"}],\"after\":1} | no field 'after'",
        "{\"anyOf\":[],\"anyOf\":[]}                | Duplicate",
        "{\"anyOf\":[]} {}                          | Trailing",
      })
  void refusesWhatIsNotAFilter(String json, String why) {
    assertThatThrownBy(() -> FilterJson.readFilter(json))
        .isInstanceOf(JsonSyntaxException.class)
        .hasMessageContaining(why);
  }

  /** No value silently skips the check. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"anyOf\":[]}                    | needs \"after\"",
        "{\"anyOf\":[],\"after\":null}     | must be a position",
        "{\"anyOf\":[],\"after\":-1}       | must be a position",
        "{\"anyOf\":[],\"after\":1.5}      | must be a position",
        "{\"anyOf\":[],\"after\":\"1\"}    | must be a position",
        "{\"anyOf\":[],\"after\":9223372036854775808} | must be a position",
      })
  void refusesScopesWithoutAPosition(String json, String why) {
    assertThatThrownBy(() -> FilterJson.readScope(json))
        .isInstanceOf(JsonSyntaxException.class)
        .hasMessageContaining(why);
  }
}
