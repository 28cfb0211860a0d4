package io.varve.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.faults.BuggyLog.Bug;
import io.varve.faults.NodeConnection.Sent;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CuttingProxyTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);

  private final BuggyLog log = new BuggyLog(Bug.NONE);
  private final CuttingProxy proxy = new CuttingProxy(0, log.port());
  private final NodeConnection through = new NodeConnection(proxy.port());
  private final NodeConnection direct = new NodeConnection(log.port());

  @AfterEach
  void close() {
    through.close();
    direct.close();
    proxy.close();
    log.close();
  }

  @Test
  void forwardsBothWays() {
    assertThat(through.append(Caller.append("a", "s", 0, 0), LIMIT))
        .isInstanceOf(Attempt.Landed.class);
    assertThat(proxy.connections()).isEqualTo(1);
    assertThat(proxy.requestBytes()).isPositive();
    assertThat(proxy.replyBytes()).isPositive();
    assertThat(proxy.swallowedBytes()).isZero();
  }

  @Test
  void losesTheReplyToARequestThatArrived() {
    assertThat(through.head(LIMIT)).isZero();
    proxy.swallowReplies();
    Sent sent = through.send(Caller.append("a", "s", 0, 0), LIMIT);
    Await.until("the append to land", LIMIT, () -> direct.head(LIMIT) == 1);
    Await.until("its reply to be swallowed", LIMIT, () -> proxy.swallowedBytes() > 0);
    proxy.cut();
    assertThat(sent.outcome()).isInstanceOf(Attempt.Unknown.class);
    assertThat(proxy.cutConnections()).isEqualTo(1);
    proxy.forward();
    through.reconnectSoon();
    Await.until(
        "the way to be open again",
        LIMIT,
        () -> through.tryHead(LIMIT).filter(h -> h == 1).isPresent());
  }

  @Test
  void cutsARequestInItsMiddle() {
    assertThat(through.head(LIMIT)).isZero();
    proxy.cutAfterRequestBytes(50);
    assertThat(through.append(Caller.append("a", "s", 0, 10_000), LIMIT))
        .isInstanceOf(Attempt.Unknown.class);
    assertThat(proxy.cutConnections()).isEqualTo(1);
    assertThat(direct.head(LIMIT)).isZero();
  }

  @Test
  void stallsAndGoesOn() {
    assertThat(through.head(LIMIT)).isZero();
    proxy.stall();
    Sent sent = through.send(Caller.append("a", "s", 0, 0), LIMIT);
    assertThat(through.tryHead(Duration.ofMillis(300))).isEmpty();
    assertThat(direct.head(LIMIT)).isZero();
    proxy.forward();
    assertThat(sent.outcome()).isInstanceOf(Attempt.Landed.class);
  }

  @Test
  void refusesNewConnections() {
    proxy.refuse();
    assertThat(through.append(Caller.append("a", "s", 0, 0), LIMIT))
        .isInstanceOf(Attempt.Unknown.class);
    assertThat(direct.head(LIMIT)).isZero();
  }
}
