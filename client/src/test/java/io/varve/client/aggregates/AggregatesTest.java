package io.varve.client.aggregates;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.client.EventStream;
import io.varve.client.NewEvent;
import io.varve.client.ReadOptions;
import io.varve.client.RealNode;
import io.varve.client.RetryPolicy;
import io.varve.client.VarveClient;
import io.varve.client.commands.EventType;
import io.varve.client.serialization.EventTypes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class AggregatesTest {

  @RegisterExtension static final RealNode NODE = new RealNode();

  @EventType
  record Deposited(int amount) {}

  @EventType
  record Withdrawn(int amount) {}

  private static final EventTypes TYPES = EventTypes.of(Deposited.class, Withdrawn.class);

  /** Counts how many events it was asked to fold. */
  private static class Balance implements Aggregate<Integer> {
    final AtomicInteger folded = new AtomicInteger();

    @Override
    public Integer initial() {
      return 0;
    }

    @Override
    public Integer apply(Integer balance, Object event) {
      folded.incrementAndGet();
      if (event instanceof Deposited deposited) {
        return balance + deposited.amount();
      }
      return balance - ((Withdrawn) event).amount();
    }

    @Override
    public String sourceType() {
      return "Account";
    }
  }

  private final VarveClient client = NODE.client();
  private final Balance balance = new Balance();
  private final Aggregates<Integer> accounts = Aggregates.of(client, TYPES, balance);
  private final String account = NODE.unique("account");

  private static <S> UpdateResult.Updated<S> updated(UpdateResult<S> result) {
    assertThat(result).isInstanceOf(UpdateResult.Updated.class);
    return (UpdateResult.Updated<S>) result;
  }

  private void deposit(String source, int amount) {
    client
        .append(NewEvent.builder(source, "Deposited").data("{\"amount\":" + amount + "}").build())
        .orThrow();
  }

  @Test
  void aSourceWithoutEventsIsInItsInitialState() {
    assertThat(accounts.load(account)).isEqualTo(new AggregateState<>(account, 0, 0, 0));
  }

  @Test
  void anUpdateReadsDecidesAndAppends() {
    UpdateResult.Updated<Integer> result =
        updated(
            accounts.update(
                account, balance -> List.of(new Deposited(10), new Withdrawn(3 + balance))));
    assertThat(result.after().state()).isEqualTo(7);
    assertThat(result.after().version()).isEqualTo(2);
    assertThat(result.after().position()).isEqualTo(result.appended().lastPosition());
    assertThat(result.attempts()).isEqualTo(1);
    assertThat(accounts.load(account)).isEqualTo(result.after());
    try (EventStream events = client.read(ReadOptions.ofSource(account))) {
      assertThat(events.stream()).allMatch(event -> event.sourceType().equals("Account"));
    }
  }

  @Test
  void whatOthersAppendedIsSeenByTheNextLoad() {
    deposit(account, 5);
    assertThat(accounts.load(account).state()).isEqualTo(5);
    deposit(account, 6);
    assertThat(accounts.load(account).state()).isEqualTo(11);
  }

  @Test
  void onlyWhatIsNewIsFolded() {
    for (int i = 0; i < 10; i++) {
      deposit(account, 1);
    }
    accounts.load(account);
    deposit(account, 1);
    balance.folded.set(0);
    assertThat(accounts.load(account).state()).isEqualTo(11);
    assertThat(balance.folded).hasValue(1);
  }

  @Test
  void anUpdateOnAStaleCacheCatchesUpAfterTheConflict() {
    accounts.load(account);
    deposit(account, 5);
    List<Integer> seen = new ArrayList<>();
    UpdateResult.Updated<Integer> result =
        updated(
            accounts.update(
                account,
                balance -> {
                  seen.add(balance);
                  return List.of(new Withdrawn(balance));
                }));
    assertThat(seen).containsExactly(0, 5);
    assertThat(result.attempts()).isEqualTo(2);
    assertThat(result.after().state()).isZero();
  }

  @Test
  void nothingIsConcludedFromAStaleCache() {
    accounts.load(account);
    deposit(account, 5);
    // On the cached state there would be nothing to do, or a refusal.
    assertThat(
            accounts.update(
                account, balance -> balance >= 5 ? List.of(new Withdrawn(5)) : List.of()))
        .isInstanceOf(UpdateResult.Updated.class);
    deposit(account, 5);
    assertThat(
            accounts.update(
                account,
                balance -> {
                  if (balance < 5) {
                    throw new IllegalStateException("not enough");
                  }
                  return List.of(new Withdrawn(5));
                }))
        .isInstanceOf(UpdateResult.Updated.class);
  }

  @Test
  void aDecisionThatAppendsNothingLeavesItUnchanged() {
    deposit(account, 5);
    UpdateResult<Integer> result = accounts.update(account, balance -> List.of());
    assertThat(result).isInstanceOf(UpdateResult.Unchanged.class);
    assertThat(((UpdateResult.Unchanged<Integer>) result).current().state()).isEqualTo(5);
    assertThat(client.version(account)).isEqualTo(1);
  }

  @Test
  void whatADecisionThrowsReachesTheCaller() {
    IllegalStateException refusal = new IllegalStateException("closed");
    assertThatThrownBy(
            () ->
                accounts.update(
                    account,
                    balance -> {
                      throw refusal;
                    }))
        .isSameAs(refusal);
    assertThat(client.version(account)).isZero();
  }

  @Test
  void anUpdateThatIsAlwaysTooLateEndsWithTheConflict() {
    Aggregates<Integer> thrice =
        Aggregates.builder(client, TYPES, balance)
            .retry(RetryPolicy.defaults().withMaxAttempts(3))
            .build();
    UpdateResult<Integer> result =
        thrice.update(
            account,
            balance -> {
              deposit(account, 1);
              return List.of(new Withdrawn(1));
            });
    assertThat(result).isInstanceOf(UpdateResult.Conflict.class);
    UpdateResult.Conflict<Integer> conflict = (UpdateResult.Conflict<Integer>) result;
    assertThat(conflict.attempts()).isEqualTo(3);
    assertThat(conflict.failed().get(0).foundVersion()).isEqualTo(3);
    assertThat(client.version(account)).isEqualTo(3);
  }

  @Test
  void manyWhoUpdateOneSourceLoseNothing() throws Exception {
    Aggregates<Integer> patient =
        Aggregates.builder(client, TYPES, balance).retry(RetryPolicy.defaults()).build();
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      List<CompletableFuture<Void>> running = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        running.add(
            CompletableFuture.runAsync(
                () -> {
                  for (int n = 0; n < 10; n++) {
                    updated(patient.update(account, balance -> List.of(new Deposited(1))));
                  }
                },
                threads));
      }
      for (CompletableFuture<Void> one : running) {
        one.get(120, TimeUnit.SECONDS);
      }
    } finally {
      threads.shutdownNow();
    }
    assertThat(patient.load(account).state()).isEqualTo(80);
    assertThat(client.version(account)).isEqualTo(80);
  }

  @Test
  void anUnknownEventIsNotLost() {
    List<String> unknown = new ArrayList<>();
    Aggregates<Integer> watching =
        Aggregates.of(
            client,
            TYPES,
            new Balance() {
              @Override
              public Integer applyUnknown(Integer state, io.varve.client.Event event) {
                unknown.add(event.type());
                return state;
              }
            });
    deposit(account, 5);
    client.append(NewEvent.builder(account, "Audited").build());
    deposit(account, 6);
    assertThat(watching.load(account).state()).isEqualTo(11);
    assertThat(watching.load(account).version()).isEqualTo(3);
    assertThat(unknown).containsExactly("Audited");
  }

  @Test
  void aFunctionIsEnough() {
    Aggregates<Integer> counts =
        Aggregates.of(client, TYPES, Aggregate.of(0, (count, event) -> count + 1));
    deposit(account, 5);
    deposit(account, 5);
    assertThat(counts.load(account).state()).isEqualTo(2);
  }

  // ---- the cache ----

  @Test
  void theCacheIsBounded() {
    StateCache<Integer> cache = new StateCache<>(2);
    Optional<UUID> log = Optional.of(UUID.randomUUID());
    for (String source : List.of("a", "b", "c")) {
      cache.put(new StateCache.Entry<>(new AggregateState<>(source, 1, 1, 1), log, 0));
      assertThat(cache.get("a", log).isPresent())
          .isEqualTo(!source.equals("c") || cache.size() > 2);
      cache.get("b", log);
    }
    assertThat(cache.size()).isEqualTo(2);
  }

  @Test
  void theCacheKeepsTheNewerStateAndForgetsAnotherLogs() {
    StateCache<Integer> cache = new StateCache<>(2);
    Optional<UUID> log = Optional.of(UUID.randomUUID());
    cache.put(new StateCache.Entry<>(new AggregateState<>("a", 2, 2, 2), log, 0));
    cache.put(new StateCache.Entry<>(new AggregateState<>("a", 1, 1, 1), log, 0));
    assertThat(cache.get("a", log).orElseThrow().state().version()).isEqualTo(2);
    assertThat(cache.get("a", Optional.of(UUID.randomUUID()))).isEmpty();
    assertThat(cache.get("a", Optional.empty())).isEmpty();
  }

  @Test
  void aSourceThatFellOutOfTheCacheIsFoldedAgain() {
    Aggregates<Integer> one = Aggregates.builder(client, TYPES, balance).cacheSize(1).build();
    deposit(account, 5);
    one.load(account);
    one.load(NODE.unique("other"));
    balance.folded.set(0);
    assertThat(one.load(account).state()).isEqualTo(5);
    assertThat(balance.folded).hasValue(1);
  }

  // ---- snapshots ----

  private static final class Snapshots implements SnapshotStore<Integer> {
    final Map<String, Snapshot<Integer>> stored = new ConcurrentHashMap<>();
    final List<Long> saved = new ArrayList<>();
    boolean broken;

    @Override
    public Optional<Snapshot<Integer>> load(String source) throws Exception {
      refuseIfBroken();
      return Optional.ofNullable(stored.get(source));
    }

    @Override
    public void save(String source, Snapshot<Integer> snapshot) throws Exception {
      refuseIfBroken();
      saved.add(snapshot.version());
      stored.put(source, snapshot);
    }

    private void refuseIfBroken() throws Exception {
      if (broken) {
        throw new java.io.IOException("no disk");
      }
    }
  }

  private Aggregates<Integer> snapshotting(Snapshots store, Aggregate<Integer> fold) {
    return Aggregates.builder(client, TYPES, fold).snapshots(store, 5).build();
  }

  @Test
  void aSnapshotSparesFoldingWhatIsBeforeIt() {
    Snapshots store = new Snapshots();
    Aggregates<Integer> writing = snapshotting(store, balance);
    for (int i = 0; i < 12; i++) {
      writing.update(account, state -> List.of(new Deposited(1)));
    }
    assertThat(store.saved).containsExactly(5L, 10L);

    Balance after = new Balance();
    Aggregates<Integer> restarted = snapshotting(store, after);
    assertThat(restarted.load(account).state()).isEqualTo(12);
    assertThat(after.folded).hasValue(2);
  }

  @Test
  void aSnapshotOfAnotherFoldOrAnotherLogIsNotUsed() {
    Snapshots store = new Snapshots();
    for (int i = 0; i < 6; i++) {
      deposit(account, 1);
    }
    snapshotting(store, balance).load(account);
    Balance changed =
        new Balance() {
          @Override
          public int foldVersion() {
            return 2;
          }
        };
    snapshotting(store, changed).load(account);
    assertThat(changed.folded).hasValue(6);
    assertThat(store.stored.get(account).foldVersion()).isEqualTo(2);

    store.stored.put(account, new Snapshot<>(4711, 3, 3, UUID.randomUUID(), 1));
    Balance other = new Balance();
    assertThat(snapshotting(store, other).load(account).state()).isEqualTo(6);
    assertThat(other.folded).hasValue(6);
  }

  @Test
  void aStoreThatFailsCostsTimeAndNothingElse() {
    Snapshots store = new Snapshots();
    store.broken = true;
    for (int i = 0; i < 6; i++) {
      deposit(account, 1);
    }
    assertThat(snapshotting(store, balance).load(account).state()).isEqualTo(6);
  }

  @Test
  void boundsAreChecked() {
    Aggregates.Builder<Integer> builder = Aggregates.builder(client, TYPES, balance);
    assertThatThrownBy(() -> builder.cacheSize(0)).hasMessageContaining("1 to 10000000: 0");
    assertThatThrownBy(() -> builder.snapshots(new Snapshots(), 0))
        .hasMessageContaining("at least 1: 0");
  }
}
