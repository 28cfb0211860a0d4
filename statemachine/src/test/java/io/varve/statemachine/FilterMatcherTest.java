package io.varve.statemachine;

import static io.varve.statemachine.TestLog.filter;
import static io.varve.statemachine.TestLog.source;
import static io.varve.statemachine.TestLog.tags;
import static io.varve.statemachine.TestLog.types;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.varve.proto.v1.FilterItem;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class FilterMatcherTest {

  private static final StoredEvent EVENT =
      new StoredEvent(
          1,
          "s",
          1,
          "T",
          "st",
          "mt",
          "mi",
          List.of("a", "b"),
          "",
          false,
          ByteString.EMPTY,
          "",
          ByteString.EMPTY,
          Optional.empty(),
          0,
          "",
          "",
          "",
          0);

  @Test
  void everyNamedLabelMustMatch() {
    assertThat(matches(item().setSource("s").setSourceType("st").setStreamType("mt"))).isTrue();
    assertThat(matches(item().setSource("s").setStreamId("mi").addTypes("T"))).isTrue();
    assertThat(matches(item().setSource("x").setStreamId("mi").addTypes("T"))).isFalse();
    assertThat(matches(item().setSource("s").setSourceType("x"))).isFalse();
    assertThat(matches(item().setSource("s").setStreamType("x"))).isFalse();
    assertThat(matches(item().setSource("s").setStreamId("x"))).isFalse();
  }

  @Test
  void typesAreAnyOfAndTagsAllOf() {
    assertThat(matches(types("U", "T").toBuilder())).isTrue();
    assertThat(matches(types("U", "V").toBuilder())).isFalse();
    assertThat(matches(tags("b", "a").toBuilder())).isTrue();
    assertThat(matches(tags("a", "c").toBuilder())).isFalse();
  }

  @Test
  void anyItemMayMatch() {
    assertThat(new FilterMatcher(filter(source("x"), types("T"))).matches(EVENT)).isTrue();
    assertThat(new FilterMatcher(filter(source("x"), types("U"))).matches(EVENT)).isFalse();
  }

  private static FilterItem.Builder item() {
    return FilterItem.newBuilder();
  }

  private static boolean matches(FilterItem.Builder item) {
    return new FilterMatcher(filter(item.build())).matches(EVENT);
  }
}
