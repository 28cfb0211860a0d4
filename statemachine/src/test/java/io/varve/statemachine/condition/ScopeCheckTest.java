package io.varve.statemachine.condition;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.proto.v1.ConcurrencyScope;
import io.varve.proto.v1.Filter;
import io.varve.proto.v1.FilterItem;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ScopeCheckTest {

  private static final long PLENTY = 1_000_000;

  @Test
  void agreesWithLookingAtEveryEvent() {
    for (int run = 0; run < 500; run++) {
      SplittableRandom random = new SplittableRandom(run);
      ListedLog log = new ListedLog();
      List<List<String>> labels = new ArrayList<>();
      int events = random.nextInt(1, 60);
      for (int i = 0; i < events; i++) {
        List<String> labelled = new ArrayList<>();
        labelled.add("EVENT_TYPE:" + random.nextInt(3));
        for (int tag = 0; tag < 4; tag++) {
          if (random.nextBoolean()) {
            labelled.add("TAG:" + tag);
          }
        }
        String source = "s" + random.nextInt(4);
        log.add(source, labelled.toArray(new String[0]));
        labelled.add("source:" + source);
        labels.add(labelled);
      }
      ConcurrencyScope scope = randomScope(random, events);

      assertThat(newestMatch(log, scope, PLENTY))
          .as("run %d: %s", run, scope)
          .isEqualTo(newestByLookingAtAll(labels, scope));
    }
  }

  private static ConcurrencyScope randomScope(SplittableRandom random, int head) {
    Filter.Builder filter = Filter.newBuilder();
    for (int i = random.nextInt(1, 4); i > 0; i--) {
      FilterItem.Builder item = FilterItem.newBuilder().addTags("" + random.nextInt(5));
      if (random.nextBoolean()) {
        item.addTags("" + random.nextInt(4));
      }
      if (random.nextBoolean()) {
        item.setSource("s" + random.nextInt(5));
      }
      for (int type = random.nextInt(3); type > 0; type--) {
        item.addTypes("" + random.nextInt(4));
      }
      filter.addAnyOf(item);
    }
    return scope(random.nextInt(0, head + 1), filter.build());
  }

  private static long newestByLookingAtAll(List<List<String>> labels, ConcurrencyScope scope) {
    for (int position = labels.size(); position > scope.getAfter(); position--) {
      List<String> event = labels.get(position - 1);
      for (FilterItem item : scope.getFilter().getAnyOfList()) {
        if ((item.getSource().isEmpty() || event.contains("source:" + item.getSource()))
            && (item.getTypesCount() == 0
                || item.getTypesList().stream().anyMatch(t -> event.contains("EVENT_TYPE:" + t)))
            && item.getTagsList().stream().allMatch(t -> event.contains("TAG:" + t))) {
          return position;
        }
      }
    }
    return 0;
  }

  @Test
  void oneListWithoutANewerEventSettlesTheMatter() {
    ListedLog log = new ListedLog();
    log.add("s", "TAG:rare");
    for (int i = 0; i < 1_000; i++) {
      log.add("s", "TAG:common");
    }
    ConcurrencyScope scope = scope(1, tags("common", "rare"));

    assertThat(steps(log, scope)).isEqualTo(2);
  }

  @Test
  void countsEveryQuestion() {
    ListedLog log = new ListedLog();
    log.add("s", "TAG:a", "TAG:b"); // 1
    log.add("s", "TAG:a"); // 2
    log.add("s", "TAG:b"); // 3
    log.add("s", "TAG:a"); // 4
    // Newest: a 4, b 3. Then from 3: a 2, b 1, a 1.
    assertThat(newestMatch(log, scope(0, tags("a", "b")), PLENTY)).isEqualTo(1);
    assertThat(steps(log, scope(0, tags("a", "b")))).isEqualTo(2 + 3);
    // Newest: a 4. Then from 4: a 4.
    assertThat(steps(log, scope(0, tags("a")))).isEqualTo(1 + 1);
    // The second item need not look below the first one's match.
    assertThat(steps(log, scope(0, tags("a"), tags("b")))).isEqualTo(2 + 1);
    // Version 4 has three binary digits; two types are two steps; nobody has the types.
    FilterItem item = FilterItem.newBuilder().setSource("s").addTypes("x").addTypes("y").build();
    assertThat(steps(log, scope(0, item))).isEqualTo(3 + 2);
  }

  @Test
  void stopsWhenTheBudgetIsExceeded() {
    ListedLog log = new ListedLog().add("s", "TAG:a").add("s", "TAG:b").add("s", "TAG:a", "TAG:b");
    ConcurrencyScope scope = scope(0, tags("a", "b"));
    long needed = steps(log, scope);

    StepBudget enough = new StepBudget(needed);
    assertThat(new ScopeCheck(log).newestMatch(scope, enough)).isEqualTo(3);
    assertThat(enough.exceeded()).isFalse();

    StepBudget tooFew = new StepBudget(needed - 1);
    assertThat(new ScopeCheck(log).newestMatch(scope, tooFew)).isEqualTo(Walk.NONE);
    assertThat(tooFew.exceeded()).isTrue();
  }

  private static long newestMatch(LogView log, ConcurrencyScope scope, long limit) {
    return new ScopeCheck(log).newestMatch(scope, new StepBudget(limit));
  }

  /** The least limit that a scope can be decided within. */
  private static long steps(LogView log, ConcurrencyScope scope) {
    for (long limit = 0; ; limit++) {
      StepBudget budget = new StepBudget(limit);
      new ScopeCheck(log).newestMatch(scope, budget);
      if (!budget.exceeded()) {
        return limit;
      }
    }
  }

  private static FilterItem tags(String... tags) {
    return FilterItem.newBuilder().addAllTags(Arrays.asList(tags)).build();
  }

  private static ConcurrencyScope scope(long after, FilterItem... items) {
    return scope(after, Filter.newBuilder().addAllAnyOf(Arrays.asList(items)).build());
  }

  private static ConcurrencyScope scope(long after, Filter filter) {
    return ConcurrencyScope.newBuilder().setFilter(filter).setAfter(after).build();
  }
}
