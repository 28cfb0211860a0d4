package io.varve.node.read;

import static io.varve.node.Requests.append;
import static io.varve.node.Requests.ofType;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.node.LocalReplicator;
import io.varve.node.cluster.Conditions;
import io.varve.node.cluster.TestCluster;
import io.varve.proto.v1.Append;
import io.varve.proto.v1.Error;
import io.varve.proto.v1.RecordedEvent;
import io.varve.proto.v1.SubscribeRequest;
import io.varve.proto.v1.SubscribeResponse;
import io.varve.statemachine.AppendLimits;
import io.varve.statemachine.AppendValidator;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Many subscriptions on one node: what they cost together. */
@Timeout(120)
class ManySubscriptionsTest {

  private static final int IDLE = 1_000;
  private static final int BUSY = 100;

  @TempDir private Path directory;
  private LocalReplicator raft;
  private CountingReader counting;
  private LogReads reads;

  @BeforeEach
  void start() {
    raft = new LocalReplicator(directory, 1_000);
    counting = new CountingReader(raft.reader());
    reads =
        new LogReads(
            counting.reader,
            raft,
            new AppendValidator(AppendLimits.defaults()),
            () -> LocalReplicator.LOG_IDENTITY,
            ReadOptions.defaults());
    raft.onHeadMoved(reads::headMoved);
  }

  @AfterEach
  void stop() {
    reads.close();
    raft.close();
  }

  private void land(Append append) {
    raft.replicate(TestCluster.command(append)).join();
  }

  private Follower follow(SubscribeRequest.Builder request) {
    Follower follower = new Follower();
    reads.subscribe(request.build(), follower, System.nanoTime() + TimeUnit.SECONDS.toNanos(60));
    return follower;
  }

  @Test
  void aThousandIdleAndAHundredBusyOnesReadEveryEventOnceTogether() {
    for (int i = 0; i < 50; i++) {
      land(append("old", "T"));
    }
    List<Follower> idle = new ArrayList<>();
    for (int i = 0; i < IDLE; i++) {
      // By source and by filter, none of which anything is appended to.
      idle.add(
          follow(
              i % 2 == 0
                  ? SubscribeRequest.newBuilder().setSource("nobody-" + i)
                  : SubscribeRequest.newBuilder().setFilter(ofType("Nothing-" + i))));
    }
    List<Follower> busy = new ArrayList<>();
    for (int i = 0; i < BUSY; i++) {
      busy.add(follow(SubscribeRequest.newBuilder()));
    }
    Conditions.await(
        "all to catch up",
        () ->
            idle.stream().allMatch(f -> f.caughtUp.get() > 0)
                && busy.stream().allMatch(f -> f.caughtUp.get() > 0));
    assertThat(reads.openCursors()).isZero();

    long before = counting.events.get();
    long tailBefore = reads.tailEventsRead();
    int live = 2_000;
    for (int i = 0; i < live; i++) {
      land(append("busy-" + i % 7, "T"));
    }
    Conditions.await(
        "all to follow", () -> busy.stream().allMatch(f -> f.events.get() == 50 + live));

    assertThat(busy).allSatisfy(f -> assertThat(f.faults).hasValue(0));
    assertThat(idle).allSatisfy(f -> assertThat(f.events).hasValue(0));
    // Had each read for itself, it would be a thousand times as many.
    assertThat(counting.events.get() - before).isEqualTo(live);
    assertThat(reads.tailEventsRead() - tailBefore).isEqualTo(live);
    assertThat(reads.openCursors()).isZero();
    assertThat(reads.openStreams()).isEqualTo(IDLE + BUSY);
    idle.forEach(Follower::cancel);
    busy.forEach(Follower::cancel);
    Conditions.await("their end", () -> reads.openStreams() == 0);
  }

  @Test
  void whoTakesNothingHoldsAPlaceAndNothingElse() {
    Follower stuck = new Follower();
    stuck.ready = false;
    reads.subscribe(
        SubscribeRequest.getDefaultInstance(),
        stuck,
        System.nanoTime() + TimeUnit.SECONDS.toNanos(60));
    for (int i = 0; i < 500; i++) {
      land(append("s", "T"));
    }
    assertThat(reads.openCursors()).isZero();
    assertThat(counting.events).hasValue(0);
    assertThat(stuck.events).hasValue(0);
    stuck.ready = true;
    stuck.onReady.run();
    Conditions.await("it to catch up", () -> stuck.events.get() == 500);
    assertThat(stuck.faults).hasValue(0);
  }

  /** Takes everything, keeps nothing, and looks for gaps. */
  private static final class Follower implements MessageSink<SubscribeResponse> {
    final AtomicInteger events = new AtomicInteger();
    final AtomicInteger caughtUp = new AtomicInteger();
    final AtomicInteger faults = new AtomicInteger();
    volatile boolean ready = true;
    volatile Runnable onReady = () -> {};
    private volatile Runnable onCancel = () -> {};
    private long last;

    void cancel() {
      onCancel.run();
    }

    @Override
    public boolean isReady() {
      return ready;
    }

    @Override
    public void next(SubscribeResponse message) {
      for (RecordedEvent event : message.getBatch().getEventsList()) {
        if (event.getPosition() != last + 1) {
          faults.incrementAndGet();
        }
        last = event.getPosition();
      }
      events.addAndGet(message.getBatch().getEventsCount());
      if (message.hasCaughtUp()) {
        caughtUp.incrementAndGet();
      }
    }

    @Override
    public void completed() {
      faults.incrementAndGet();
    }

    @Override
    public void failed(Error error) {
      faults.incrementAndGet();
    }

    @Override
    public void onReady(Runnable action) {
      onReady = action;
    }

    @Override
    public void onCancel(Runnable action) {
      onCancel = action;
    }
  }
}
