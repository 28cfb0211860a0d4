package io.varve.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.varve.client.VarveClient;
import io.varve.faults.Follower.Tally;
import io.varve.faults.ProcessCluster.Options;
import io.varve.faults.ProcessMemory.Collection;
import io.varve.faults.Selected.Kind;
import io.varve.proto.v1.LogServiceGrpc;
import io.varve.proto.v1.ReadRequest;
import io.varve.proto.v1.ReadResponse;
import io.varve.proto.v1.RecordedEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A node with much in its log and many who follow it, under as many appends as it takes, for long:
 * its memory stays within what it was given, and nobody who follows fails or misses an event. Some
 * stop reading for the whole time, which must cost the node no memory either.
 */
@Tag("faults")
@Tag("heavy")
class MemoryBoundsTest {
  private static final Duration LIMIT = Duration.ofMinutes(Effort.of(3, 20));
  private static final long STORED = Effort.of(100_000, 1_000_000);
  private static final Duration LOAD =
      Duration.ofSeconds(Integer.getInteger("varve.faults.loadSeconds", Effort.of(20, 600)));
  private static final int FOLLOWERS = 100;
  private static final int FOLLOWERS_A_CONNECTION = 10;

  private static final long MIB = 1 << 20;
  private static final long HEAP = 512 * MIB;

  @RegisterExtension private final Clusters clusters = new Clusters();

  @Test
  void aNodeWithManyFollowersUnderFullLoadStaysWithinItsMemory() throws Exception {
    ProcessCluster cluster = clusters.create(options()).start();
    NodeProcess followed = cluster.awaitLeader(LIMIT).node();
    List<ManagedChannel> channels = new ArrayList<>();
    MemorySampler sampler = new MemorySampler(cluster.nodes());
    try (VarveClient client = DeviceLoad.client(cluster)) {
      assertThat(ProcessMemory.flags(followed)).contains("+ExitOnOutOfMemoryError");
      DeviceLoad load = new DeviceLoad(client);
      load.fill(STORED, 50);
      long before = cluster.awaitEqualHeads();
      assertThat(before).isEqualTo(load.acknowledgedEvents()).isGreaterThanOrEqualTo(STORED);

      List<Follower> followers = start(followed, channels);
      Await.until(
          "those who follow from the head to be there",
          LIMIT,
          () ->
              unfailed(followers).stream()
                  .filter(follower -> follower.selected().fromHead())
                  .allMatch(Follower::hasCaughtUp));
      List<Follower> pausing = every(7, followers);
      pausing.forEach(Follower::pause);
      CompletableFuture<Void> loading = load.start();
      long began = System.nanoTime();
      sampler.start();
      // A statement about time: nothing fails, and memory holds, for that long.
      Await.throughout(
          "nobody fails while the load runs",
          LOAD,
          () -> {
            load.assertUnfailed();
            sampler.assertUnfailed();
            return !unfailed(followers).isEmpty();
          },
          cluster::summary);
      double seconds = (System.nanoTime() - began) / 1e9;
      long appended = load.acknowledgedEvents() - before;
      long followedMeanwhile = followers.stream().mapToLong(f -> f.tally().count()).sum();
      assertThat(pausing.stream().filter(Follower::stalled).count())
          .as("followers that did not read, and were held for it")
          .isPositive();
      ProcessMemory.collectGarbage(followed);
      double live =
          AdminPort.metrics(followed, LIMIT)
              .map(metrics -> metrics.getOrDefault("jvm_memory_used_bytes{area=\"heap\"}", 0.0))
              .orElseThrow();

      load.stop();
      loading.get(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
      load.assertUnfailed();
      long catchingUp = System.nanoTime();
      pausing.forEach(Follower::resume);
      long head = cluster.awaitEqualHeads();
      assertThat(head).as("every append landed once").isEqualTo(load.acknowledgedEvents());
      Map<Selected, Tally> expected = expected(followed, channels.get(0), followers, before);
      Await.until(
          "everybody to have seen the last event they asked for",
          LIMIT,
          () ->
              unfailed(followers).stream()
                  .allMatch(
                      follower ->
                          follower.tally().last() >= expected.get(follower.selected()).last()));
      double catchUpSeconds = (System.nanoTime() - catchingUp) / 1e9;
      assertThat(followers)
          .allSatisfy(
              follower ->
                  assertThat(follower.tally())
                      .as("what %s saw, of what the log holds", follower.selected())
                      .isEqualTo(expected.get(follower.selected())));
      sampler.stop();
      long taken = ProcessMemory.outside(followed);
      boolean trimmed = ProcessMemory.trim(followed);
      System.out.printf(
          "%s outside the JVM at the end: %d MiB%s%n",
          followed,
          taken / MIB,
          trimmed
              ? ", %d MiB without what nobody uses".formatted(ProcessMemory.outside(followed) / MIB)
              : "");
      followers.forEach(Follower::cancel);

      System.out.printf(
          "%,d events stored; in %.0f s %,.0f appends/s, %,.0f events/s told to %d followers of %s;"
              + " caught up %.1f s later; live heap under load %.0f MiB%n",
          before,
          seconds,
          appended / seconds,
          followedMeanwhile / seconds,
          followers.size(),
          followed,
          catchUpSeconds,
          live / MIB);
      sampler.print();
      for (NodeProcess node : cluster.nodes()) {
        judgeHeap(node);
        sampler.assertBounds(node);
      }
      assertThat(live).as("live heap of %s", followed).isLessThan(HEAP * 3 / 4.0);
    } finally {
      sampler.stop();
      channels.forEach(ManagedChannel::shutdownNow);
    }
  }

  private static Options options() {
    List<String> flags =
        new ArrayList<>(
            List.of(
                // All of the heap is there from the start, so that it is known what of the process
                // is heap.
                "-Xms" + HEAP / MIB + "m",
                "-Xmx" + HEAP / MIB + "m",
                "-XX:+AlwaysPreTouch",
                "-XX:MaxDirectMemorySize=256m",
                "-XX:+UseParallelGC",
                "-XX:+ExitOnOutOfMemoryError"));
    flags.addAll(ProcessMemory.FLAGS);
    return Options.untuned(flags.toArray(String[]::new));
  }

  /** A mix of everything there is to follow, half from the first event, half from the head. */
  private static List<Follower> start(NodeProcess node, List<ManagedChannel> channels) {
    List<Selected> selected = new ArrayList<>();
    for (int i = 0; i < FOLLOWERS; i++) {
      boolean fromHead = i % 2 == 1;
      selected.add(
          switch (i / 2 % 10) {
            case 0, 1 -> new Selected(Kind.LOG, 0, fromHead);
            case 2, 3, 4 -> new Selected(Kind.TAG, i / 20 + i % 3, fromHead);
            case 5, 6 -> new Selected(Kind.DEVICES, i, fromHead);
            default -> new Selected(Kind.SOURCE, i, fromHead);
          });
    }
    List<Follower> followers = new ArrayList<>();
    for (int i = 0; i < FOLLOWERS; i++) {
      if (i % FOLLOWERS_A_CONNECTION == 0) {
        channels.add(
            NettyChannelBuilder.forAddress("127.0.0.1", node.clientPort())
                .usePlaintext()
                .disableRetry()
                .build());
      }
      followers.add(new Follower(selected.get(i)).start(channels.get(channels.size() - 1)));
    }
    return followers;
  }

  private static List<Follower> every(int nth, List<Follower> followers) {
    return Stream.iterate(0, i -> i < followers.size(), i -> i + nth).map(followers::get).toList();
  }

  private static List<Follower> unfailed(List<Follower> followers) {
    for (Follower follower : followers) {
      follower
          .failure()
          .ifPresent(
              failure -> {
                throw new AssertionError(follower.selected() + " failed", failure);
              });
    }
    return followers;
  }

  /** What each must have seen, by the log itself, read once. */
  private static Map<Selected, Tally> expected(
      NodeProcess node, ManagedChannel channel, List<Follower> followers, long headAtStart) {
    Map<Selected, Tally> expected = new LinkedHashMap<>();
    followers.forEach(follower -> expected.put(follower.selected(), Tally.NOTHING));
    Iterator<ReadResponse> responses =
        LogServiceGrpc.newBlockingStub(channel)
            .withDeadlineAfter(LIMIT.toMillis(), TimeUnit.MILLISECONDS)
            .read(ReadRequest.getDefaultInstance());
    long last = 0;
    while (responses.hasNext()) {
      for (RecordedEvent event : responses.next().getEventsList()) {
        long position = event.getPosition();
        assertThat(position).as("the log of %s has no gap", node).isEqualTo(++last);
        int device = DeviceLoad.device(event.getSource());
        expected.replaceAll(
            (selected, tally) ->
                selected.selects(device) && (position > headAtStart || !selected.fromHead())
                    ? tally.and(position, event.getVersion())
                    : tally);
      }
    }
    return expected;
  }

  private static void judgeHeap(NodeProcess node) {
    assertThat(node.alive()).as("%s is alive", node).isTrue();
    assertThat(node.starts()).isEqualTo(1);
    for (String error : List.of("OutOfMemoryError", "OutOfDirectMemoryError")) {
      assertThat(node.logHolds(error)).as("%s had an %s", node, error).isFalse();
    }
    List<Collection> collections = ProcessMemory.collections(node);
    double pauses = collections.stream().mapToDouble(Collection::pauseMillis).sum();
    double uptime = collections.get(collections.size() - 1).uptimeSeconds();
    System.out.printf(
        "%s heap: %d collections (%d full), at most %d MiB left after one, after a full one %d MiB;"
            + " paused %.1f%% of %.0f s, at most %.0f ms%n",
        node,
        collections.size(),
        collections.stream().filter(Collection::full).count(),
        collections.stream().mapToLong(Collection::leftMib).max().orElse(0),
        collections.stream()
            .filter(Collection::full)
            .mapToLong(Collection::leftMib)
            .max()
            .orElse(0),
        pauses / 10 / uptime,
        uptime,
        collections.stream().mapToDouble(Collection::pauseMillis).max().orElse(0));
  }
}
