package io.varve.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.varve.faults.Follower.Tally;
import io.varve.faults.Selected.Kind;
import io.varve.proto.v1.CaughtUp;
import io.varve.proto.v1.Checkpoint;
import io.varve.proto.v1.EventBatch;
import io.varve.proto.v1.RecordedEvent;
import io.varve.proto.v1.SubscribeResponse;
import org.junit.jupiter.api.Test;

/** Each of these subscriptions has one thing wrong that a node could do wrong. All are noticed. */
class FollowerTest {
  private final Follower log = new Follower(new Selected(Kind.LOG, 0, false));
  private final Follower tag = new Follower(new Selected(Kind.TAG, 3, false));
  private final Follower fromHead = new Follower(new Selected(Kind.SOURCE, 3, true));

  private static SubscribeResponse event(long position, int device, long version) {
    return SubscribeResponse.newBuilder()
        .setBatch(
            EventBatch.newBuilder()
                .addEvents(
                    RecordedEvent.newBuilder()
                        .setPosition(position)
                        .setSource(DeviceLoad.source(device))
                        .setVersion(version)))
        .build();
  }

  private static SubscribeResponse caughtUp(long position) {
    return SubscribeResponse.newBuilder()
        .setCaughtUp(CaughtUp.newBuilder().setPosition(position))
        .build();
  }

  private static SubscribeResponse checkpoint(long position) {
    return SubscribeResponse.newBuilder()
        .setCheckpoint(Checkpoint.newBuilder().setPosition(position))
        .build();
  }

  @Test
  void clearsWhatIsRightAndTalliesIt() {
    log.onNext(event(1, 7, 1));
    log.onNext(event(2, 8, 1));
    log.onNext(caughtUp(2));
    log.onNext(event(3, 7, 2));
    assertThat(log.failure()).isEmpty();
    assertThat(log.hasCaughtUp()).isTrue();
    assertThat(log.tally()).isEqualTo(Tally.NOTHING.and(1, 1).and(2, 1).and(3, 2));
    tag.onNext(event(5, 13, 1));
    tag.onNext(checkpoint(9));
    tag.onNext(event(10, 23, 1));
    assertThat(tag.failure()).isEmpty();
    fromHead.onNext(event(50, 3, 17));
    fromHead.onNext(event(70, 3, 18));
    assertThat(fromHead.failure()).isEmpty();
  }

  @Test
  void noticesAMissedPosition() {
    log.onNext(event(1, 7, 1));
    log.onNext(event(3, 8, 1));
    assertThat(log.failure()).isPresent();
  }

  @Test
  void noticesAMissedFirstPosition() {
    log.onNext(event(2, 7, 1));
    assertThat(log.failure()).isPresent();
  }

  @Test
  void noticesAMissedVersion() {
    tag.onNext(event(5, 13, 1));
    tag.onNext(event(9, 13, 3));
    assertThat(tag.failure()).isPresent();
  }

  @Test
  void noticesAMissedFirstVersion() {
    tag.onNext(event(5, 13, 2));
    assertThat(tag.failure()).isPresent();
  }

  @Test
  void noticesAMissedVersionFromTheHead() {
    fromHead.onNext(event(50, 3, 17));
    fromHead.onNext(event(70, 3, 19));
    assertThat(fromHead.failure()).isPresent();
  }

  @Test
  void noticesADuplicate() {
    log.onNext(event(1, 7, 1));
    log.onNext(event(1, 7, 1));
    assertThat(log.failure()).isPresent();
  }

  @Test
  void noticesAnEventBehindACheckpoint() {
    tag.onNext(checkpoint(9));
    tag.onNext(event(9, 13, 1));
    assertThat(tag.failure()).isPresent();
  }

  @Test
  void noticesACaughtUpThatGoesBack() {
    log.onNext(event(1, 7, 1));
    log.onNext(event(2, 8, 1));
    log.onNext(caughtUp(1));
    assertThat(log.failure()).isPresent();
  }

  @Test
  void noticesAnEventNobodyAskedFor() {
    tag.onNext(event(5, 14, 1));
    assertThat(tag.failure()).isPresent();
  }

  @Test
  void noticesAFailureAndAnEnd() {
    log.onError(Status.RESOURCE_EXHAUSTED.asRuntimeException());
    tag.onCompleted();
    assertThat(log.failure()).isPresent();
    assertThat(tag.failure()).isPresent();
  }

  @Test
  void aMissedEventThatNobodyCouldNoticeShowsInTheTally() {
    tag.onNext(event(5, 13, 1));
    assertThat(tag.tally())
        .as("the first event of another device was left out")
        .isNotEqualTo(Tally.NOTHING.and(5, 1).and(9, 1));
  }
}
