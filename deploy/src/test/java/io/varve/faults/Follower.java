package io.varve.faults;

import io.grpc.ManagedChannel;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.varve.proto.v1.LogServiceGrpc;
import io.varve.proto.v1.RecordedEvent;
import io.varve.proto.v1.SubscribeRequest;
import io.varve.proto.v1.SubscribeResponse;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One subscription to {@link DeviceLoad}'s events, without a retry: whatever ends it is a failure.
 * It judges what it is told while it is told, and keeps of it only a {@link Tally}; one message is
 * asked for at a time. It can be told to read no further for a while.
 */
final class Follower implements ClientResponseObserver<SubscribeRequest, SubscribeResponse> {

  /**
   * What was seen, or must have been: how many events, and a digest of their positions and versions
   * in order.
   *
   * @param count how many events
   * @param last the position of the last one; 0 = none
   * @param digest of what and in which order
   */
  record Tally(long count, long last, long digest) {
    static final Tally NOTHING = new Tally(0, 0, 0);

    Tally and(long position, long version) {
      return new Tally(count + 1, position, (digest * 31 + position) * 31 + version);
    }
  }

  private final Selected selected;
  private final long[] versions = new long[DeviceLoad.DEVICES];
  private Tally tally = Tally.NOTHING; // this and all below are guarded by this
  private long passed; // up to here everything was told
  private int caughtUp;
  private boolean paused;
  private boolean owing;
  private boolean cancelled;
  private @Nullable Throwable failure;
  private @Nullable ClientCallStreamObserver<SubscribeRequest> call;

  Follower(Selected selected) {
    this.selected = selected;
    Arrays.fill(versions, selected.fromHead() ? -1 : 0); // -1 = any
  }

  Selected selected() {
    return selected;
  }

  Follower start(ManagedChannel channel) {
    LogServiceGrpc.newStub(channel).subscribe(selected.request(), this);
    return this;
  }

  synchronized Tally tally() {
    return tally;
  }

  /** Whether it was told that it has caught up. */
  synchronized boolean hasCaughtUp() {
    return caughtUp > 0;
  }

  /** What went wrong, if anything did. */
  synchronized Optional<Throwable> failure() {
    return Optional.ofNullable(failure);
  }

  /** Reads no further: what was asked for is still taken. */
  synchronized void pause() {
    paused = true;
  }

  /** Reads on. */
  synchronized void resume() {
    paused = false;
    if (owing && call != null) {
      owing = false;
      call.request(1);
    }
  }

  /** Whether it is paused and has taken all it had asked for. */
  synchronized boolean stalled() {
    return paused && owing;
  }

  synchronized void cancel() {
    cancelled = true;
    if (call != null) {
      call.cancel("the test is over", null);
    }
  }

  @Override
  public synchronized void beforeStart(ClientCallStreamObserver<SubscribeRequest> stream) {
    call = stream;
    stream.disableAutoRequestWithInitial(1);
  }

  @Override
  public synchronized void onNext(SubscribeResponse response) {
    if (failure != null) {
      return;
    }
    try {
      take(response);
    } catch (AssertionError e) {
      failure = e;
      return;
    }
    if (paused) {
      owing = true;
    } else if (call != null) {
      call.request(1);
    }
  }

  private void take(SubscribeResponse response) {
    switch (response.getNoticeCase()) {
      case BATCH -> response.getBatch().getEventsList().forEach(this::take);
      case CAUGHT_UP -> {
        caughtUp++;
        pass(response.getCaughtUp().getPosition());
      }
      case CHECKPOINT -> pass(response.getCheckpoint().getPosition());
      case NOTICE_NOT_SET -> throw new AssertionError(selected + ": a notice of nothing");
    }
  }

  private void take(RecordedEvent event) {
    long position = event.getPosition();
    if (position <= passed) {
      throw wrong(event, "comes after " + passed + " was passed");
    }
    boolean anyStart = passed == 0 && selected.fromHead();
    if (selected.kind() == Selected.Kind.LOG && position != passed + 1 && !anyStart) {
      throw wrong(event, "leaves a gap after " + passed);
    }
    int device = DeviceLoad.device(event.getSource());
    if (!selected.selects(device)) {
      throw wrong(event, "was not asked for");
    }
    long before = versions[device];
    if (before >= 0 && event.getVersion() != before + 1) {
      throw wrong(event, "follows version " + before);
    }
    versions[device] = event.getVersion();
    tally = tally.and(position, event.getVersion());
    passed = position;
  }

  private AssertionError wrong(RecordedEvent event, String how) {
    return new AssertionError(
        "%s: version %d of %s at position %d %s"
            .formatted(selected, event.getVersion(), event.getSource(), event.getPosition(), how));
  }

  private void pass(long position) {
    if (position < passed) {
      throw new AssertionError(selected + ": told of " + position + " after " + passed);
    }
    passed = position;
  }

  @Override
  public synchronized void onError(Throwable thrown) {
    if (!cancelled && failure == null) {
      failure = thrown;
    }
  }

  @Override
  public synchronized void onCompleted() {
    if (failure == null) {
      failure = new AssertionError(selected + ": a subscription ended");
    }
  }
}
