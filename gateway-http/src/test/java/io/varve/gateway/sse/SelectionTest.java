package io.varve.gateway.sse;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.Event;
import io.varve.client.Filter;
import io.varve.client.FilterItem;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SelectionTest {
  private final Event event = Events.event(1, "a", "T", "{}", "x", "y");

  private static Selection matching(FilterItem... items) {
    return new Selection.Matching(Filter.anyOf(items));
  }

  private static Selection sources(int count) {
    return new Selection.Sources(
        IntStream.range(0, count)
            .mapToObj(i -> "s" + i)
            .collect(Collectors.toCollection(TreeSet::new)));
  }

  @Test
  void theSameInOtherOrderIsTheSame() {
    FilterItem first = FilterItem.builder().types("A", "B").tags("x", "y").build();
    FilterItem swapped = FilterItem.builder().types("B", "A", "B").tags("y", "x").build();
    FilterItem second = FilterItem.builder().source("s").build();
    assertThat(matching(first, second)).isEqualTo(matching(second, swapped, first));
    assertThat(matching(first)).isNotEqualTo(matching(second));
    assertThat(new Selection.Sources(new TreeSet<>(Set.of("b", "a"))))
        .isEqualTo(new Selection.Sources(new TreeSet<>(Set.of("a", "b"))));
  }

  @Test
  void everyLabelThatIsNamedMustMatch() {
    assertThat(matching(FilterItem.builder().source("a").build()).includes(event)).isTrue();
    assertThat(matching(FilterItem.builder().source("b").build()).includes(event)).isFalse();
    assertThat(matching(FilterItem.builder().types("U", "T").build()).includes(event)).isTrue();
    assertThat(matching(FilterItem.builder().types("U").build()).includes(event)).isFalse();
    assertThat(matching(FilterItem.builder().tags("y", "x").build()).includes(event)).isTrue();
    assertThat(matching(FilterItem.builder().tags("x", "z").build()).includes(event)).isFalse();
    assertThat(
            matching(
                    FilterItem.builder()
                        .sourceType("SourceType")
                        .streamType("StreamType")
                        .streamId("2026-11")
                        .build())
                .includes(event))
        .isTrue();
    assertThat(matching(FilterItem.builder().sourceType("x").build()).includes(event)).isFalse();
    assertThat(matching(FilterItem.builder().streamType("x").build()).includes(event)).isFalse();
    assertThat(matching(FilterItem.builder().streamId("x").build()).includes(event)).isFalse();
    assertThat(
            matching(
                    FilterItem.builder().streamId("x").build(),
                    FilterItem.builder().types("T").build())
                .includes(event))
        .isTrue();
  }

  @Test
  void asManySourcesAsAFilterTakesHaveASubscriptionOfTheirOwn() {
    assertThat(sources(1).subscription()).isPresent();
    assertThat(sources(16).subscription()).isPresent();
    assertThat(sources(17).subscription()).isEmpty();
    assertThat(sources(16).reads()).hasSize(1);
    assertThat(sources(17).reads()).hasSize(2);
    assertThat(sources(64).reads()).hasSize(4);
  }
}
