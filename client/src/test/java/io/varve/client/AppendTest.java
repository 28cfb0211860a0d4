package io.varve.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.varve.client.FakeNode.Reaction;
import io.varve.proto.v1.AppendStreamRequest;
import io.varve.proto.v1.Error;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Appends: names, order, retries, what is said when the answer is lost, and the bounds. */
class AppendTest extends ScriptedClusterTest {

  // ---- outcomes ----

  @Test
  void tellsAnAppendThatLandedFromAConflict() {
    VarveClient client = client(leader("n1"));

    AppendResult.Appended first =
        client.append(event("s", "a"), ExpectedVersion.exactly("s", 0)).orThrow();
    AppendResult second = client.append(event("s", "b"), ExpectedVersion.exactly("s", 7));

    assertThat(first.firstPosition()).isEqualTo(1);
    assertThat(first.lastPosition()).isEqualTo(1);
    assertThat(first.versions()).containsExactly(java.util.Map.entry("s", 1L));
    assertThat(first.replayed()).isFalse();
    assertThat(second)
        .isEqualTo(
            new AppendResult.Conflict(
                List.of(
                    new AppendResult.FailedCondition(
                        0, ExpectedVersion.exactly("s", 7), 1, Optional.empty()))));
    assertThatThrownBy(second::orThrow).isInstanceOf(ConflictException.class);
    assertThat(log.head()).isEqualTo(1);
  }

  @Test
  void reportsTheVersionsOfSeveralSourcesInTheOrderTouched() {
    VarveClient client = client(leader("n1"));

    AppendResult.Appended appended =
        client
            .append(
                AppendRequest.builder()
                    .events(event("z", "1"), event("a", "2"), event("z", "3"))
                    .build())
            .orThrow();

    assertThat(appended.firstPosition()).isEqualTo(1);
    assertThat(appended.lastPosition()).isEqualTo(3);
    assertThat(appended.versions().keySet()).containsExactly("z", "a");
    assertThat(appended.version("z")).isEqualTo(2);
    assertThatThrownBy(() -> appended.version("other"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void handsOnWhatTheServerRefusesWithItsField() {
    VarveClient client = client(leader("n1"));

    Throwable refused = failure(client.appendAsync(AppendRequest.builder().build()));

    assertThat(refused)
        .isInstanceOfSatisfying(
            InvalidArgumentException.class,
            invalid -> {
              assertThat(invalid.code()).isEqualTo(ErrorCode.INVALID_ARGUMENT);
              assertThat(invalid.field()).isEqualTo("append.events");
            });
  }

  @Test
  void refusesAnAppendThatWouldBreakTheConnection() {
    FakeNode node = leader("n1");
    VarveClient client = client(node);

    NewEvent huge = NewEvent.builder("s", "T").data(Bytes.wrap(new byte[13 << 20])).build();

    assertThat(failure(client.appendAsync(huge))).isInstanceOf(InvalidArgumentException.class);
    assertThat(node.received).isEmpty();
    appended(client.appendAsync(event("s", "small")));
  }

  // ---- names ----

  @Test
  void namesEveryAppendWithAHeadItKnew() {
    log.fill("before", 5);
    FakeNode node = leader("n1");
    VarveClient client = client(node);

    client.append(event("s", "a")).orThrow();
    client.append(event("s", "b")).orThrow();

    assertThat(node.received).hasSize(2);
    assertThat(node.received)
        .extracting(r -> r.getAppend().getAppendId().getKnownPosition())
        .containsExactly(5L, 6L); // the head it asked for; the position of its own append
    assertThat(node.received)
        .extracting(r -> r.getAppend().getAppendId().getId())
        .doesNotHaveDuplicates()
        .allMatch(id -> id.size() == 16);
    assertThat(node.received)
        .extracting(AppendStreamRequest::getLogIdentity)
        .containsOnly(log.identity);
  }

  @Test
  void usesTheCallersAppendIdAsItIs() {
    FakeNode node = leader("n1");
    VarveClient client = client(node);
    AppendId id = new AppendId(new UUID(1, 2), 0);
    AppendRequest request = AppendRequest.builder().event(event("s", "a")).appendId(id).build();

    AppendResult.Appended first = client.append(request).orThrow();
    AppendResult.Appended second = client.append(request).orThrow();
    Throwable reused =
        failure(
            client.appendAsync(
                AppendRequest.builder().event(event("s", "other")).appendId(id).build()));

    assertThat(second.replayed()).isTrue();
    assertThat(second.firstPosition()).isEqualTo(first.firstPosition());
    assertThat(reused).isInstanceOf(AppendIdReusedException.class);
    assertThat(log.head()).isEqualTo(1);
    assertThat(node.received)
        .extracting(r -> r.getAppend().getAppendId().getKnownPosition())
        .containsExactly(0L, 0L, 0L);
    assertThat(client.getAppend(id).appended())
        .hasValueSatisfying(found -> assertThat(found.firstPosition()).isEqualTo(1));
    assertThat(client.getAppend(new AppendId(new UUID(3, 4), 0)).appended()).isEmpty();
  }

  @Test
  void takesANewNameWhenTheHeadItKnewIsOlderThanTheWindow() {
    FakeNode node = leader("n1");
    VarveClient client = client(node);
    client.append(event("s", "a")).orThrow();
    log.window = 10;
    log.fill("others", 100); // while this client idles

    List<CompletableFuture<AppendResult>> futures = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      futures.add(client.appendAsync(event("s", "late " + i)));
    }

    for (CompletableFuture<AppendResult> future : futures) {
      assertThat(appended(future).replayed()).isFalse();
    }
    assertThat(payloads().subList(101, 121))
        .isEqualTo(IntStream.range(0, 20).mapToObj(i -> "late " + i).toList());
  }

  @Test
  void neverRenewsTheNameOfAnAppendThatMayHaveLanded() {
    FakeNode node = leader("n1");
    VarveClient client = client(node);
    client.append(event("s", "a")).orThrow();
    node.script =
        (n, request) -> {
          if (n == 1) {
            // It lands; then others append so much that its id is forgotten before it is repeated.
            log.decide(request.getAppend());
            log.window = 1;
            log.forget();
            log.fill("others", 10);
            return Reaction.CUT;
          }
          return Reaction.ANSWER;
        };

    assertThat(failure(client.appendAsync(event("s", "b"))))
        .isInstanceOf(FateUnknownException.class);
    assertThat(payloads()).containsOnlyOnce("b");
  }

  // ---- answers that are lost ----

  @ParameterizedTest
  @EnumSource(
      value = Reaction.class,
      names = {"APPLY_AND_CUT", "APPLY_AND_UNKNOWN", "APPLY_AND_FAIL"})
  void learnsTheOriginalAnswerWhenTheFirstWasLost(Reaction reaction) {
    FakeNode node = leader("n1");
    node.script = (n, request) -> n == 0 ? reaction : Reaction.ANSWER;
    VarveClient client = client(node);

    AppendResult.Appended appended =
        client.append(event("s", "a"), ExpectedVersion.notExists("s")).orThrow();

    assertThat(appended.replayed()).isTrue();
    assertThat(log.head()).isEqualTo(1);
    assertThat(node.received).hasSize(2);
    assertThat(node.received.get(1).getAppend()).isEqualTo(node.received.get(0).getAppend());
  }

  @ParameterizedTest
  @EnumSource(
      value = Reaction.class,
      names = {"CUT", "UNKNOWN", "OVERLOADED", "UNAVAILABLE"})
  void sendsAgainWhatDidNotLand(Reaction reaction) {
    FakeNode node = leader("n1");
    node.script = (n, request) -> n < 3 ? reaction : Reaction.ANSWER;
    VarveClient client = client(node);

    assertThat(client.append(event("s", "a")).orThrow().replayed()).isFalse();

    assertThat(log.head()).isEqualTo(1);
    assertThat(node.received).hasSize(4);
    assertThat(node.received)
        .extracting(AppendStreamRequest::getAppend)
        .containsOnly(node.received.get(0).getAppend());
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void landsEachAppendOnceAndInOrderWhateverIsLost(long seed) {
    FakeNode node = leader("n1");
    Random random = new Random(seed);
    Reaction[] faults = {
      Reaction.APPLY_AND_CUT, Reaction.CUT, Reaction.APPLY_AND_UNKNOWN, Reaction.UNKNOWN
    };
    Set<Reaction> happened = Collections.synchronizedSet(new HashSet<>());
    node.script =
        (n, request) -> {
          Reaction reaction =
              random.nextInt(40) == 0 ? faults[random.nextInt(faults.length)] : Reaction.ANSWER;
          happened.add(reaction);
          return reaction;
        };
    VarveClient client = client(builder(node).appendWindow(64).deadline(Duration.ofSeconds(60)));

    List<CompletableFuture<AppendResult>> futures = new ArrayList<>();
    for (int i = 0; i < 2000; i++) {
      futures.add(client.appendAsync(event("s", "n" + i)));
    }

    for (int i = 0; i < 2000; i++) {
      assertThat(appended(futures.get(i)).version("s")).isEqualTo(i + 1);
    }
    assertThat(payloads()).isEqualTo(IntStream.range(0, 2000).mapToObj(i -> "n" + i).toList());
    assertThat(happened).contains(faults);
    assertThat(futures.stream().filter(f -> appended(f).replayed()).count()).isPositive();
  }

  @Test
  void landsEachAppendOnceThoughNodesTurnSomeAway() {
    FakeNode node = leader("n1");
    Random random = new Random(11);
    node.script =
        (n, request) ->
            switch (random.nextInt(30)) {
              case 0 -> Reaction.OVERLOADED;
              case 1 -> Reaction.UNAVAILABLE;
              case 2 -> Reaction.APPLY_AND_CUT;
              default -> Reaction.ANSWER;
            };
    VarveClient client = client(builder(node).appendWindow(32).deadline(Duration.ofSeconds(60)));

    List<CompletableFuture<AppendResult>> futures = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      futures.add(client.appendAsync(event("s", "n" + i)));
    }

    futures.forEach(ScriptedClusterTest::appended);
    assertThat(payloads())
        .containsExactlyInAnyOrderElementsOf(
            IntStream.range(0, 500).mapToObj(i -> "n" + i).toList());
  }

  @Test
  void saysSoWhenTheDeadlineEndsWithoutAnAnswer() {
    FakeNode node = leader("n1");
    node.script = (n, request) -> n == 1 ? Reaction.APPLY_AND_STALL : Reaction.ANSWER;
    VarveClient client = client(node);
    client.append(event("s", "warm")).orThrow();

    Throwable unknown = failure(client.appendAsync(expiring(event("s", "a"))));

    assertThat(unknown).isInstanceOf(OutcomeUnknownException.class);
    AppendId id = ((OutcomeUnknownException) unknown).appendId().orElseThrow();
    eventually("landed", () -> log.head() == 2);
    assertThat(client.getAppend(id).appended()).isPresent();
    // Sending it again yields the truth; by another client, as after a restart.
    try (VarveClient other = builder(node).build()) {
      AppendResult.Appended replayed =
          other
              .append(AppendRequest.builder().event(event("s", "a")).appendId(id).build())
              .orThrow();
      assertThat(replayed.replayed()).isTrue();
    }
    assertThat(log.head()).isEqualTo(2);
  }

  @Test
  void recoversFromANodeThatOwesAnswers() {
    FakeNode node = leader("n1");
    node.script = (n, request) -> n == 1 ? Reaction.STALL : Reaction.ANSWER;
    // Long enough that no stream is given up because it opens slowly.
    VarveClient client = client(builder(node).connectTimeout(PATIENCE));
    client.append(event("s", "warm")).orThrow();

    assertThat(failure(client.appendAsync(expiring(event("s", "a")))))
        .isInstanceOf(OutcomeUnknownException.class);
    // The stream that owes an answer is given up in the end, and another one opened.
    appended(client.appendAsync(event("s", "b")));
    assertThat(node.streams).hasValue(2);
  }

  /** Long enough to be sent on a stream that is open, short enough to be waited for. */
  private static AppendRequest expiring(NewEvent event) {
    return AppendRequest.builder().event(event).deadline(Duration.ofMillis(1_500)).build();
  }

  @Test
  void tellsTheNodeToGiveUpALittleEarlier() {
    FakeNode node = leader("n1");
    VarveClient client = client(builder(node).deadline(Duration.ofSeconds(10)));

    client.append(event("s", "a"));
    client.append(
        AppendRequest.builder().event(event("s", "b")).deadline(Duration.ofSeconds(5)).build());

    assertThat(node.received.get(0).getTimeoutMillis()).isBetween(1, 9_750);
    assertThat(node.received.get(1).getTimeoutMillis()).isBetween(1, 4_750);
  }

  @Test
  void aFaultOfTheNodesOwnLeavesTheOutcomeUnknown() {
    FakeNode node = leader("n1");
    node.script = (n, request) -> Reaction.INTERNAL;
    VarveClient client = client(node);

    assertThat(failure(client.appendAsync(event("s", "a"))))
        .isInstanceOf(OutcomeUnknownException.class)
        .hasCauseInstanceOf(InternalException.class);
    assertThat(node.received).hasSize(1);
  }

  @Test
  void anAnswerThatMakesNoSenseIsStillAnEnd() {
    FakeNode node = leader("n1");
    node.script = (n, request) -> n == 0 ? Reaction.APPLY_AND_GARBLE : Reaction.ANSWER;
    VarveClient client = client(node);

    assertThat(failure(client.appendAsync(event("s", "a"))))
        .isInstanceOf(OutcomeUnknownException.class);
    appended(client.appendAsync(event("s", "b")));
  }

  // ---- without a name ----

  @ParameterizedTest
  @EnumSource(
      value = Reaction.class,
      names = {"CUT", "APPLY_AND_CUT", "UNKNOWN", "APPLY_AND_UNKNOWN", "OVERLOADED", "UNAVAILABLE"})
  void neverSendsAnAppendWithoutANameTwice(Reaction reaction) {
    FakeNode node = leader("n1");
    node.script = (n, request) -> n == 1 ? reaction : Reaction.ANSWER;
    VarveClient client = client(node);
    client.append(event("s", "first"));

    CompletableFuture<AppendResult> nameless =
        client.appendAsync(
            AppendRequest.builder().event(event("s", "nameless")).withoutAppendId().build());
    CompletableFuture<AppendResult> next = client.appendAsync(event("s", "next"));

    Class<?> expected =
        switch (reaction) {
          case OVERLOADED -> OverloadedException.class;
          case UNAVAILABLE -> UnavailableException.class;
          default -> OutcomeUnknownException.class;
        };
    assertThat(failure(nameless)).isInstanceOf(expected);
    appended(next);
    List<AppendStreamRequest> sent =
        node.received.stream()
            .filter(r -> r.getAppend().getEvents(0).getData().toStringUtf8().equals("nameless"))
            .toList();
    assertThat(sent).hasSize(1);
    assertThat(sent.get(0).getAppend().hasAppendId()).isFalse();
  }

  @Test
  void anAppendWithoutANameWaitsForANodeButIsSentOnce() {
    FakeNode node = leader("n1");
    node.kill();
    VarveClient client = client(node);

    CompletableFuture<AppendResult> nameless =
        client.appendAsync(
            AppendRequest.builder().event(event("s", "nameless")).withoutAppendId().build());
    node.start();

    appended(nameless);
    assertThat(node.received).hasSize(1);
  }

  // ---- no node ----

  @Test
  void saysThatNothingWasAppendedWhenNoNodeCouldBeReached() {
    FakeNode node = leader("n1");
    node.kill();
    VarveClient client = client(builder(node).deadline(Duration.ofSeconds(3)));

    long before = System.nanoTime();
    Throwable unavailable = failure(client.appendAsync(event("s", "a")));

    assertThat(unavailable).isInstanceOf(UnavailableException.class);
    assertThat(System.nanoTime() - before)
        .isBetween(TimeUnit.MILLISECONDS.toNanos(2_990), TimeUnit.SECONDS.toNanos(60));
  }

  @Test
  void asksOnlyAsOftenAsThePolicySays() {
    FakeNode node = leader("n1");
    node.kill();
    VarveClient client = client(builder(node).retry(RetryPolicy.none()));

    assertThat(failure(client.appendAsync(event("s", "a"))))
        .isInstanceOf(UnavailableException.class);

    node.start();
    node.script = (n, request) -> Reaction.OVERLOADED;
    assertThat(failure(client.appendAsync(event("s", "a"))))
        .isInstanceOf(OverloadedException.class);
    assertThat(node.received).hasSize(1);
    node.script = (n, request) -> Reaction.CUT;
    assertThat(failure(client.appendAsync(event("s", "a"))))
        .isInstanceOf(OutcomeUnknownException.class);
    assertThat(node.received).hasSize(2);
  }

  @Test
  void waitsAsLongAsAnOverloadedNodeAsks() {
    FakeNode node = leader("n1");
    List<Long> times = Collections.synchronizedList(new ArrayList<>());
    node.overloadedFor = Duration.ofMillis(400);
    node.script =
        (n, request) -> {
          times.add(System.nanoTime());
          return n == 0 ? Reaction.OVERLOADED : Reaction.ANSWER;
        };
    VarveClient client = client(node);

    client.append(event("s", "a")).orThrow();

    assertThat(times.get(1) - times.get(0))
        .isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(400));
  }

  // ---- leaders ----

  @Test
  void goesToTheLeaderThatAFollowerNames() {
    FakeNode leader = leader("n1");
    FakeNode follower = node("n2");
    follower.leader = leader::address;
    VarveClient client = client(follower);

    client.append(event("s", "a")).orThrow();

    assertThat(leader.received).hasSize(1);
    assertThat(follower.received).isEmpty();
  }

  @Test
  void findsTheLeaderByDescriptionWhenAnswersDoNotNameIt() {
    FakeNode leader = node("n1");
    leader.leaderId = "n1";
    FakeNode follower = node("n2");
    follower.leaderId = "n1";
    follower.members =
        List.of(
            FakeNode.member("n1", leader.address(), true),
            FakeNode.member("n2", follower.address(), true));
    VarveClient client = client(follower);

    client.append(event("s", "a")).orThrow();

    assertThat(leader.received).hasSize(1);
    assertThat(follower.received).isEmpty();
  }

  @Test
  void goesThroughAFollowerWhenOnlyThatReachesTheLeader() {
    FakeNode hidden = leader("n1");
    String hiddenAddress = hidden.address();
    hidden.kill(); // its address, as far as this client can tell
    FakeNode follower = node("n2");
    follower.leader = () -> hiddenAddress;
    follower.leaderId = "n1";
    follower.members = List.of(FakeNode.member("n1", hiddenAddress, true));
    VarveClient client = client(follower);

    client.append(event("s", "a")).orThrow();
    assertThat(client.version("s")).isEqualTo(1);

    assertThat(follower.received).hasSize(1);
  }

  @Test
  void waitsForAnElection() {
    FakeNode one = node("n1");
    FakeNode two = node("n2");
    VarveClient client = client(one, two);

    CompletableFuture<AppendResult> future = client.appendAsync(event("s", "a"));
    eventually("the nodes were asked", () -> two.unaryCalls.get() > 1);
    assertThat(future).isNotDone();
    one.leader = two::address;
    two.leader = two::address;

    appended(future);
    assertThat(two.received).hasSize(1);
  }

  @Test
  void goesOnWithTheNextLeaderWhenOneDies() {
    FakeNode one = leader("n1");
    FakeNode two = node("n2");
    two.leader = one::address;
    VarveClient client = client(builder(one, two).appendWindow(16));
    List<CompletableFuture<AppendResult>> futures = new ArrayList<>();
    for (int i = 0; i < 400; i++) {
      futures.add(client.appendAsync(event("s", "n" + i)));
      if (i == 200) {
        appended(futures.get(100));
        two.leader = two::address;
        one.kill();
      }
    }

    futures.forEach(ScriptedClusterTest::appended);
    assertThat(payloads()).isEqualTo(IntStream.range(0, 400).mapToObj(i -> "n" + i).toList());
    assertThat(two.received).isNotEmpty();
  }

  @Test
  void leavesASilentLeaderOnceAnotherOneLeads() {
    FakeNode one = leader("n1");
    FakeNode two = node("n2");
    two.leader = one::address;
    VarveClient client = client(one, two);
    client.append(event("s", "a")).orThrow();
    one.script = (n, request) -> Reaction.STALL;
    one.silent = true;

    CompletableFuture<AppendResult> future = client.appendAsync(event("s", "b"));
    eventually("sent", () -> one.received.size() == 2);
    two.leader = two::address;

    appended(future);
    assertThat(two.received).hasSize(1);
    assertThat(two.received.get(0).getAppend()).isEqualTo(one.received.get(1).getAppend());
  }

  @Test
  void movesInOrderToANewLeaderItHearsOf() {
    FakeNode one = leader("n1");
    FakeNode two = node("n2");
    two.leader = one::address;
    VarveClient client = client(builder(one, two).appendWindow(8));
    client.append(event("s", "first")).orThrow();

    one.leader = two::address;
    two.leader = two::address;
    client.head(); // any answer names the new leader
    List<CompletableFuture<AppendResult>> futures = new ArrayList<>();
    int count = 0;
    while (two.received.isEmpty() && count < 1_000_000) {
      futures.add(client.appendAsync(event("s", "n" + count++)));
      appended(futures.get(count - 1));
    }

    assertThat(two.received).isNotEmpty();
    assertThat(one.openStreams).satisfies(n -> eventually("closed", () -> n.get() == 0));
    assertThat(payloads().subList(1, count + 1))
        .isEqualTo(IntStream.range(0, count).mapToObj(i -> "n" + i).toList());
  }

  @Test
  void noticesThatItsNodeNoLongerLeadsThoughNothingFails() {
    FakeNode one = leader("n1");
    FakeNode two = node("n2");
    two.leader = one::address;
    VarveClient client = client(one, two);
    client.append(event("s", "first")).orThrow();

    // The node steps down and forwards: to the client, appends go on as before.
    one.leader = two::address;
    two.leader = two::address;
    one.script =
        (n, request) -> {
          slowly();
          return Reaction.ANSWER;
        };

    eventually(
        "moved",
        () -> {
          appended(client.appendAsync(event("s", "more")));
          return !two.received.isEmpty();
        });
  }

  /** So that there is always an append under way. */
  private static void slowly() {
    try {
      TimeUnit.MILLISECONDS.sleep(5);
    } catch (InterruptedException interrupted) {
      throw new AssertionError(interrupted);
    }
  }

  @Test
  void goesThroughOtherNodesWhenToldNotToLearnAddresses() {
    FakeNode leader = node("n1");
    leader.leaderId = "n1";
    FakeNode follower = node("n2");
    follower.leaderId = "n1";
    follower.leader = leader::address;
    follower.members = List.of(FakeNode.member("n1", leader.address(), true));
    VarveClient tunnelled = client(builder(follower).learnAddresses(false));

    tunnelled.append(event("s", "a")).orThrow();
    assertThat(tunnelled.version("s")).isEqualTo(1);

    assertThat(follower.received).hasSize(1);
    assertThat(leader.received).isEmpty();
    // But where the leader itself is a target, it is found.
    client(builder(follower, leader).learnAddresses(false)).append(event("s", "b")).orThrow();
    assertThat(leader.received).hasSize(1);
  }

  // ---- bounds ----

  @Test
  void keepsToItsWindowAndQueue() {
    FakeNode node = leader("n1");
    VarveClient client = client(builder(node).appendWindow(4).appendQueue(6));
    client.append(event("s", "warm")).orThrow();
    node.script = (n, request) -> Reaction.STALL;

    List<CompletableFuture<AppendResult>> futures = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      futures.add(client.appendAsync(event("s", "n" + i)));
    }
    CompletableFuture<AppendResult> beyond = client.appendAsync(event("s", "beyond"));

    assertThat(failure(beyond)).isInstanceOf(OverloadedException.class);
    eventually("the window is used", () -> node.received.size() == 5);
    assertThat(futures).noneMatch(CompletableFuture::isDone);
    client.headAsync(ReadConsistency.local()).join(); // a round trip later still no more
    assertThat(node.received).hasSize(5);
  }

  @Test
  void boundsTheBytesItSendsAhead() {
    FakeNode node = leader("n1");
    VarveClient client = client(node);
    client.append(event("s", "warm")).orThrow();
    node.script = (n, request) -> Reaction.STALL;
    Bytes large = Bytes.wrap(new byte[4 << 20]);

    for (int i = 0; i < 19; i++) {
      assertThat(client.appendAsync(NewEvent.builder("s", "T").data(large).build())).isNotDone();
    }
    CompletableFuture<AppendResult> beyond =
        client.appendAsync(NewEvent.builder("s", "T").data(large).build());

    assertThat(failure(beyond)).isInstanceOf(OverloadedException.class);
    eventually("the window is used", () -> node.received.size() == 1 + 4);
    client.headAsync(ReadConsistency.local()).join();
    assertThat(node.received).hasSize(5);
  }

  @Test
  void makesRoomAsAppendsAreAnswered() {
    FakeNode node = leader("n1");
    VarveClient client = client(builder(node).appendWindow(4).appendQueue(4));

    for (int round = 0; round < 50; round++) {
      List<CompletableFuture<AppendResult>> futures = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        futures.add(client.appendAsync(event("s", "n")));
      }
      futures.forEach(ScriptedClusterTest::appended);
    }

    assertThat(log.head()).isEqualTo(400);
  }

  @Test
  void makesRoomWhenAppendsExpire() {
    FakeNode node = leader("n1");
    node.kill();
    VarveClient client =
        client(builder(node).appendWindow(1).appendQueue(1).deadline(Duration.ofMillis(200)));

    for (int i = 0; i < 3; i++) {
      // The latter if even the first search for a node has not ended by then.
      assertThat(failure(client.appendAsync(event("s", "n" + i))))
          .isInstanceOfAny(UnavailableException.class, DeadlineExceededException.class);
    }
  }

  // ---- futures and threads ----

  @Test
  void doesNotSendWhatWasCancelledInTime() {
    FakeNode node = leader("n1");
    node.kill();
    VarveClient client = client(node);
    CompletableFuture<AppendResult> cancelled = client.appendAsync(event("s", "cancelled"));
    CompletableFuture<AppendResult> kept = client.appendAsync(event("s", "kept"));

    cancelled.cancel(false);
    node.start();

    appended(kept);
    assertThat(payloads()).containsExactly("kept");
  }

  @Test
  void completesOnTheCallersExecutor() throws Exception {
    FakeNode node = leader("n1");
    ExecutorService executor = Executors.newSingleThreadExecutor(r -> new Thread(r, "callers own"));
    try {
      VarveClient client = client(builder(node).executor(executor));
      AtomicReference<String> thread = new AtomicReference<>();

      client
          .appendAsync(event("s", "a"))
          .thenAccept(result -> thread.set(Thread.currentThread().getName()))
          .get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);

      // Unless it was complete before thenAccept, which then runs here.
      assertThat(thread.get()).isIn("callers own", Thread.currentThread().getName());
    } finally {
      executor.shutdown();
    }
  }

  @Test
  void appendsFromCompletionsButRefusesToWaitThere() {
    FakeNode node = leader("n1");
    VarveClient client = client(node);
    client.append(event("s", "warm")).orThrow();
    CompletableFuture<Void> composed = new CompletableFuture<>();
    node.script =
        (n, request) -> {
          get(composed); // answered before, the completion would run on this test's thread
          return Reaction.ANSWER;
        };
    AtomicReference<Throwable> refused = new AtomicReference<>();

    CompletableFuture<AppendResult> chained =
        client
            .appendAsync(event("s", "a"))
            .thenCompose(
                first -> {
                  try {
                    client.append(event("s", "deadlock"));
                  } catch (IllegalStateException expected) {
                    refused.set(expected);
                  }
                  return client.appendAsync(event("s", "b"));
                });
    composed.complete(null);

    appended(chained);
    assertThat(refused.get()).isInstanceOf(IllegalStateException.class);
    assertThat(payloads()).containsExactly("warm", "a", "b");
  }

  @Test
  void anInterruptedCallerLearnsThatTheOutcomeIsUnknown() throws Exception {
    FakeNode node = leader("n1");
    node.script = (n, request) -> Reaction.STALL;
    VarveClient client = client(node);
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Thread caller =
        new Thread(
            () -> {
              try {
                client.append(event("s", "a"));
              } catch (VarveException unknown) {
                thrown.set(Thread.currentThread().isInterrupted() ? unknown : null);
              }
            });
    caller.start();
    eventually("sent", () -> node.received.size() == 1);
    caller.interrupt();
    caller.join(PATIENCE.toMillis());

    assertThat(thrown.get()).isInstanceOf(OutcomeUnknownException.class);
  }

  @Test
  void closingAnswersEverybody() {
    FakeNode node = leader("n1");
    VarveClient client = client(builder(node).appendWindow(1));
    client.append(event("s", "warm")).orThrow();
    node.script = (n, request) -> Reaction.STALL;
    CompletableFuture<AppendResult> sent = client.appendAsync(event("s", "sent"));
    CompletableFuture<AppendResult> queued = client.appendAsync(event("s", "queued"));
    eventually("sent", () -> node.received.size() == 2);

    client.close();

    assertThat(failure(sent)).isInstanceOf(OutcomeUnknownException.class);
    assertThat(failure(queued)).isInstanceOf(ClientClosedException.class);
    assertThat(failure(client.appendAsync(event("s", "after"))))
        .isInstanceOf(ClientClosedException.class);
    assertThatThrownBy(client::head).isInstanceOf(ClientClosedException.class);
    client.close(); // again does nothing
  }

  @Test
  void closingFromACompletionDoesNotHang() {
    FakeNode node = leader("n1");
    VarveClient client = client(node);

    CompletableFuture<Void> closed = client.appendAsync(event("s", "a")).thenRun(client::close);

    get(closed);
    assertThat(failure(client.appendAsync(event("s", "after"))))
        .isInstanceOf(ClientClosedException.class);
  }

  // ---- identity ----

  @Test
  void noticesAReplacedCluster() {
    FakeNode node = leader("n1");
    VarveClient client = client(node);
    client.append(event("s", "a")).orThrow();
    assertThat(client.logIdentity()).isPresent();
    UUID first = client.logIdentity().orElseThrow();

    node.kill();
    FakeLog restored = new FakeLog("two");
    FakeNode replaced = closeLater(new FakeNode("n1", restored));
    replaced.leader = replaced::address;
    VarveClient second = client(builder(replaced).logIdentity(first));

    assertThat(failure(second.appendAsync(event("s", "b"))))
        .isInstanceOf(LogIdentityMismatchException.class);
    assertThatThrownBy(() -> second.head()).isInstanceOf(LogIdentityMismatchException.class);
    assertThat(restored.head()).isZero();

    second.forgetLogIdentity();
    appended(second.appendAsync(event("s", "b")));
    assertThat(second.logIdentity()).isPresent().isNotEqualTo(Optional.of(first));
  }

  @Test
  void reportsErrorsOfUnaryCallsWithTheirDetail() {
    FakeNode node = leader("n1");
    node.refuse =
        Optional.of(
            Error.newBuilder()
                .setCode(io.varve.proto.v1.ErrorCode.ERROR_CODE_INVALID_ARGUMENT)
                .setField("source")
                .setMessage("source is empty")
                .build());
    VarveClient client = client(node);

    assertThatThrownBy(() -> client.version(""))
        .isInstanceOfSatisfying(
            InvalidArgumentException.class,
            invalid -> assertThat(invalid.field()).isEqualTo("source"))
        .hasMessage("source is empty");
  }

  @Test
  void unaryCallsTurnToAnotherNode() {
    FakeNode dead = node("n1");
    FakeNode alive = leader("n2");
    dead.leader = alive::address;
    VarveClient client = client(dead, alive);
    assertThat(client.head().position()).isZero();
    dead.kill();
    for (int i = 0; i < 5; i++) {
      assertThat(client.head(ReadConsistency.local()).position()).isZero();
      assertThat(client.describe().nodeId()).isEqualTo("n2");
    }
  }

  @Test
  void unaryCallsLeaveANodeThatSaysNothing() {
    FakeNode mute = leader("n1");
    mute.silent = true;
    FakeNode other = node("n2");
    VarveClient client = client(builder(mute, other).deadline(Duration.ofSeconds(15)));

    assertThat(client.version("s")).isZero();
  }

  @Test
  void appendIdsOfCallersCarryTheHead() {
    log.fill("s", 3);
    VarveClient client = client(leader("n1"));

    AppendId id = client.newAppendId();

    assertThat(id.knownPosition()).isEqualTo(3);
    assertThat(id).isNotEqualTo(client.newAppendId());
  }

  @Test
  void theWireCarriesEveryLabel() {
    FakeNode node = leader("n1");
    VarveClient client = client(node);
    NewEvent full =
        NewEvent.builder("source", "Type")
            .sourceType("Customer")
            .streamType("Transactions")
            .streamId("2026-11")
            .tags("a:1", "b:2")
            .key("k")
            .tombstone(true)
            .data("{}")
            .contentType("application/json")
            .metadata("{\"m\":1}")
            .occurred(java.time.Instant.parse("2026-11-21T10:15:30.123456789Z"))
            .id("id-1")
            .build();

    client.append(full).orThrow();

    try (EventStream events = client.read(ReadOptions.wholeLog())) {
      Event event = events.iterator().next();
      assertThat(event.source()).isEqualTo("source");
      assertThat(event.type()).isEqualTo("Type");
      assertThat(event.sourceType()).isEqualTo("Customer");
      assertThat(event.streamType()).isEqualTo("Transactions");
      assertThat(event.streamId()).isEqualTo("2026-11");
      assertThat(event.tags()).containsExactly("a:1", "b:2");
      assertThat(event.key()).isEqualTo("k");
      assertThat(event.tombstone()).isTrue();
      assertThat(event.data().toUtf8()).isEqualTo("{}");
      assertThat(event.contentType()).isEqualTo("application/json");
      assertThat(event.metadata().toUtf8()).isEqualTo("{\"m\":1}");
      assertThat(event.occurred()).isEqualTo(full.occurred());
      assertThat(event.id()).isEqualTo("id-1");
      assertThat(event.version()).isEqualTo(1);
      assertThat(event.clientSequence()).isZero();
    }
    assertThat(node.received.get(0).getAppend().getAppendId().getId())
        .isNotEqualTo(ByteString.EMPTY);
  }
}
