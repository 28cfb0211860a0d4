package io.varve.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.proto.v1.ErrorCode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Newest events per key, sources, and single questions about the log. */
class ListingTest extends ScriptedClusterTest {

  private VarveClient filled(FakeNode... nodes) {
    VarveClient client = client(nodes);
    for (int i = 0; i < 60; i++) {
      client.append(NewEvent.builder("board", "Set").key("k" + (10 + i % 25)).data("" + i).build());
    }
    client.append(NewEvent.builder("board", "Cleared").key("k12").tombstone(true).build());
    return client;
  }

  @Test
  void readsTheNewestEventPerKeyInPages() {
    FakeNode node = leader("n1");
    VarveClient client = filled(node);
    List<String> keys = new ArrayList<>();
    try (Paged<Event> latest = client.readLatest("board")) {
      assertThat(latest.asOf()).isEqualTo(61);
      latest.forEach(event -> keys.add(event.key() + "=" + event.data().toUtf8()));
    }
    assertThat(keys).hasSize(24).isSorted().contains("k10=50", "k34=49").doesNotContain("k12=52");
    // In pages of ten, and the later ones name the state of the first and where they go on.
    assertThat(node.latestRequests).hasSize(3);
    assertThat(node.latestRequests.get(0).getAsOf()).isZero();
    assertThat(node.latestRequests.get(1).getAsOf()).isEqualTo(61);
    assertThat(node.latestRequests.get(2).getAfterKey()).isEqualTo(keys.get(19).substring(0, 3));
  }

  @Test
  void fetchesNoMoreThanOnePageAhead() {
    FakeNode node = leader("n1");
    VarveClient client = filled(node);
    node.batch = 5;
    Paged<Event> latest =
        closeLater(client.readLatest(LatestOptions.builder("board").keyPrefix("k").build()));
    Iterator<Event> events = latest.iterator();
    for (int i = 0; i < 5; i++) {
      events.next();
    }
    eventually("the page ahead", () -> node.latestRequests.size() == 2);
    events.next();
    eventually("the page ahead", () -> node.latestRequests.size() == 3);
    assertThat(node.latestRequests.get(2).getKeyPrefix()).isEqualTo("k");
    latest.close();
    assertThatThrownBy(events::hasNext).isInstanceOf(IllegalStateException.class);
    assertThat(node.latestRequests).hasSize(3);
  }

  @Test
  void goesOnWithAnotherNode() {
    FakeNode one = leader("n1");
    FakeNode two = node("n2");
    VarveClient client = filled(one, two);
    try (Paged<Event> latest =
        client.readLatest(LatestOptions.builder("board").pageSize(3).build())) {
      Iterator<Event> events = latest.iterator();
      int seen = 0;
      while (events.hasNext()) {
        events.next();
        if (++seen == 7) {
          one.kill();
          two.leader = two::address;
        }
      }
      assertThat(seen).isEqualTo(24);
    }
    assertThat(two.latestRequests).isNotEmpty();
    assertThat(two.latestRequests).allMatch(request -> request.getAsOf() == 61);
  }

  @Test
  void listsSourcesByPrefix() {
    FakeNode node = leader("n1");
    for (int i = 0; i < 7; i++) {
      log.fill("device-" + i, i + 1);
    }
    log.fill("other", 1);
    VarveClient client = client(node);
    try (Paged<SourceState> sources =
        client.listSources(ListSourcesOptions.builder().prefix("device-").pageSize(3).build())) {
      assertThat(sources.stream().map(SourceState::version).toList())
          .containsExactly(1L, 2L, 3L, 4L, 5L, 6L, 7L);
    }
    assertThat(node.sourcesRequests).hasSize(3);
    // No later page may be older than the first, whichever node answers it.
    assertThat(node.sourcesRequests.get(1).getConsistency().getAtLeast()).isEqualTo(29);
    assertThat(get(client.listSourcesPageAsync(ListSourcesOptions.all())).next()).isEmpty();
  }

  @Test
  void refusalsReachWhoeverIterates() {
    FakeNode node = leader("n1");
    VarveClient client = client(node);
    node.refuse = Optional.of(FakeLog.error(ErrorCode.ERROR_CODE_INVALID_ARGUMENT, "no"));
    try (Paged<SourceState> sources = client.listSources("s")) {
      assertThatThrownBy(() -> sources.iterator().hasNext())
          .isInstanceOf(InvalidArgumentException.class);
    }
    try (Paged<Event> latest = client.readLatest("s")) {
      assertThatThrownBy(latest::asOf).isInstanceOf(InvalidArgumentException.class);
    }
  }

  @Test
  void closingTheClientEndsListings() {
    FakeNode node = leader("n1");
    VarveClient client = client(node);
    node.silent = true;
    Paged<Event> latest = client.readLatest("s");
    client.close();
    assertThatThrownBy(() -> latest.iterator().hasNext()).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void asksForPositionsAndChainHashes() {
    VarveClient client = client(leader("n1"));
    log.fill("s", 4);
    assertThat(client.positionAt(Instant.ofEpochSecond(3))).isEqualTo(3);
    assertThat(client.chainHash(0).position()).isEqualTo(4);
    ChainHash hash = client.chainHash(2);
    assertThat(hash.nodeId()).isEqualTo("n1");
    assertThat(hash.hash().toUtf8()).isEqualTo("hash 2");
  }
}
