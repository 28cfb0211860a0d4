package io.varve.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.AppendRequest;
import io.varve.client.Event;
import io.varve.client.EventStream;
import io.varve.client.NewEvent;
import io.varve.client.ReadOptions;
import io.varve.client.SubscribeOptions;
import io.varve.client.SubscriptionItem;
import io.varve.client.VarveClient;
import io.varve.faults.ProcessCluster.Options;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Reads and subscriptions of the Java client when the nodes that serve them are killed. */
@Tag("faults")
@Tag("heavy")
class ClientStreamsTest {

  private static final Duration LIMIT = Duration.ofMinutes(2);

  /** Together 20 MB: far more than lies between a node and a reader that does not take it. */
  private static final int EVENTS = 20_000;

  private static final int PAYLOAD_BYTES = 1_000;
  private static final int EVENTS_PER_APPEND = 500;
  private static final int PORTION = 100;

  @RegisterExtension private final Clusters clusters = new Clusters();

  @Test
  void aReadAndASubscriberWithDemandGoOnThoughWhicheverNodeServesThemIsKilled() {
    ProcessCluster cluster = clusters.create(Options.plain()).start();
    NodeProcess one = cluster.node(1);
    NodeProcess two = cluster.node(2);
    // It knows two of the three nodes. Killing one and then, when the first is back, the other
    // kills the one that serves at least once.
    try (VarveClient client =
        VarveClient.builder()
            .target("127.0.0.1:" + one.clientPort())
            .target("127.0.0.1:" + two.clientPort())
            .learnAddresses(false)
            .deadline(LIMIT)
            .build()) {
      fill(client);
      Demanding subscriber = new Demanding();
      client.subscribe(SubscribeOptions.wholeLog()).subscribe(subscriber);
      List<Long> read = new ArrayList<>();
      try (EventStream events = client.read(ReadOptions.wholeLog())) {
        Iterator<Event> iterator = events.iterator();
        take(iterator, read, 1_000);
        subscriber.take(1_000);

        one.kill();
        take(iterator, read, 9_000);
        subscriber.take(9_000);

        one.start();
        cluster.awaitReady();
        two.kill();
        take(iterator, read, EVENTS);
        assertThat(iterator.hasNext()).isFalse();
        assertThat(events.head()).isEqualTo(EVENTS);
      }
      subscriber.take(EVENTS);
      List<Long> all = LongStream.rangeClosed(1, EVENTS).boxed().toList();
      assertThat(read).as("read: everything, in order, once").isEqualTo(all);
      assertThat(subscriber.positions()).as("followed: the same").isEqualTo(all);

      client.append(NewEvent.builder("live", "Happened").build()).orThrow();
      subscriber.take(EVENTS + 1);
      assertThat(subscriber.surplus()).as("items that were not asked for").isZero();
      two.start();
      cluster.awaitReady();
    }
  }

  private static void fill(VarveClient client) {
    byte[] payload = new byte[PAYLOAD_BYTES];
    for (int i = 0; i < EVENTS; i += EVENTS_PER_APPEND) {
      AppendRequest.Builder append = AppendRequest.builder();
      for (int j = 0; j < EVENTS_PER_APPEND; j++) {
        append.event(NewEvent.builder("s-" + j % 10, "Happened").data(payload).build());
      }
      client.append(append.build()).orThrow();
    }
  }

  private static void take(Iterator<Event> events, List<Long> into, int upTo) {
    while (into.size() < upTo) {
      into.add(events.next().position());
    }
  }

  /** Asks for a few items at a time, and only when the test wants more. */
  private static final class Demanding implements Flow.Subscriber<SubscriptionItem> {
    private final List<Long> positions = new ArrayList<>();
    private final AtomicLong asked = new AtomicLong();
    private long items;
    private long surplus;
    private Throwable failure;
    private Flow.Subscription subscription;

    /** Asks until there are so many events. */
    void take(int events) {
      while (count() < events) {
        long reached = asked.addAndGet(PORTION);
        subscription().request(PORTION);
        Await.until("the items that were asked for", LIMIT, () -> came(reached) || isAll(events));
      }
    }

    private synchronized boolean came(long upTo) {
      assertThat(failure).isNull();
      return items >= upTo;
    }

    private synchronized boolean isAll(int events) {
      return positions.size() >= events;
    }

    private synchronized int count() {
      return positions.size();
    }

    private synchronized Flow.Subscription subscription() {
      return subscription;
    }

    synchronized List<Long> positions() {
      return List.copyOf(positions);
    }

    synchronized long surplus() {
      return surplus;
    }

    @Override
    public synchronized void onSubscribe(Flow.Subscription newSubscription) {
      subscription = newSubscription;
    }

    @Override
    public synchronized void onNext(SubscriptionItem item) {
      items++;
      surplus += items > asked.get() ? 1 : 0;
      if (item instanceof Event event) {
        positions.add(event.position());
      }
    }

    @Override
    public synchronized void onError(Throwable error) {
      failure = error;
    }

    @Override
    public void onComplete() {}
  }
}
