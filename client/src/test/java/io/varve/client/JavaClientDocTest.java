package io.varve.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import org.junit.jupiter.api.Test;

/**
 * The snippets of {@code docs/java-client.md}: they compile, they run, and the page shows exactly
 * them ({@link SnippetPage}).
 */
class JavaClientDocTest extends ScriptedClusterTest {

  private static final Path PAGE = Path.of("..", "docs", "java-client.md");
  private static final Path SOURCE =
      Path.of("src", "test", "java", "io", "varve", "client", "JavaClientDocTest.java");

  private final List<String> printed = new ArrayList<>();

  private void print(Object what) {
    printed.add(String.valueOf(what));
  }

  @Test
  void thePageShowsExactlyTheseSnippets() throws IOException {
    SnippetPage.assertShows(PAGE, SOURCE);
  }

  @Test
  void connects() {
    String target = leader("n1").address();
    // snippet: connect
    try (VarveClient client = VarveClient.builder().target(target).build()) {
      print(client.head().position());
    }
    // end
    assertThat(printed).containsExactly("0");
  }

  @Test
  void appends() {
    VarveClient client = client(leader("n1"));
    // snippet: append
    NewEvent deposited =
        NewEvent.builder("account-17", "MoneyDeposited")
            .sourceType("Account")
            .tag("customer:42")
            .data("{\"amount\": 100}")
            .build();

    AppendResult result = client.append(deposited, ExpectedVersion.notExists("account-17"));

    if (result instanceof AppendResult.Appended appended) {
      print("landed at " + appended.firstPosition());
    } else if (result instanceof AppendResult.Conflict conflict) {
      print("somebody else was first: " + conflict.failed());
    }
    // end
    assertThat(printed).containsExactly("landed at 1");
  }

  @Test
  void appendsSeveralAtOnce() {
    VarveClient client = client(leader("n1"));
    long position = 0;
    // snippet: atomic
    AppendRequest transfer =
        AppendRequest.builder()
            .event(NewEvent.builder("account-17", "MoneySent").data("{\"amount\": 5}").build())
            .event(NewEvent.builder("account-18", "MoneyReceived").data("{\"amount\": 5}").build())
            .expectVersion("account-17", 0)
            .scope(Filter.tags("transfer:9001"), position)
            .build();

    CompletableFuture<AppendResult> future = client.appendAsync(transfer);
    // end
    assertThat(get(future).orThrow().lastPosition()).isEqualTo(2);
  }

  @Test
  void decides() {
    VarveClient client = client(leader("n1"));
    log.fill("counter", 3);
    // snippet: read-decide-append
    while (true) {
      long version = client.version("counter");
      NewEvent next = NewEvent.builder("counter", "Counted").data("" + (version + 1)).build();
      if (client.append(next, ExpectedVersion.exactly("counter", version))
          instanceof AppendResult.Appended) {
        break;
      }
    }
    // end
    assertThat(log.version("counter")).isEqualTo(4);
  }

  @Test
  void reads() {
    VarveClient client = client(leader("n1"));
    log.fill("account-17", 3);
    // snippet: read
    try (EventStream events = client.read(ReadOptions.ofSource("account-17"))) {
      for (Event event : events) {
        print(event.version() + " " + event.data().toUtf8());
      }
    }
    // end
    assertThat(printed).containsExactly("1 event 0", "2 event 1", "3 event 2");
  }

  @Test
  void readsItsOwnWrites() {
    VarveClient client = client(leader("n1"));
    // snippet: at-least
    long position =
        client.append(NewEvent.builder("s", "Happened").build()).orThrow().lastPosition();

    ReadOptions mine =
        ReadOptions.builder()
            .filter(Filter.types("Happened"))
            .consistency(ReadConsistency.atLeast(position))
            .build();
    // end
    try (EventStream events = client.read(mine)) {
      assertThat(events.stream().count()).isEqualTo(1);
    }
  }

  @Test
  void listens() throws InterruptedException {
    VarveClient client = client(leader("n1"));
    log.fill("s", 2);
    long stored = 1;
    CountDownLatch caughtUp = new CountDownLatch(1);
    // snippet: listen
    Subscription subscription =
        client.subscribe(
            SubscribeOptions.builder().afterPosition(stored).build(),
            new SubscriptionListener() {
              @Override
              public void onEvent(Event event) {
                print(event.position()); // may block: then the server waits
              }

              @Override
              public void onCaughtUp(long position) {
                caughtUp.countDown();
              }
            });
    // end
    caughtUp.await();
    subscription.close();
    assertThat(printed).containsExactly("2");
  }

  @Test
  void follows() {
    VarveClient client = client(leader("n1"));
    log.fill("s", 2);
    // snippet: follow
    try (SubscriptionStream items = client.follow(SubscribeOptions.wholeLog())) {
      for (SubscriptionItem item : items) {
        if (item instanceof Event event) {
          print(event.position());
        } else if (item instanceof SubscriptionItem.CaughtUp) {
          break; // what follows would be live
        }
      }
    }
    // end
    assertThat(printed).containsExactly("1", "2");
  }

  @Test
  void publishes() {
    VarveClient client = client(leader("n1"));
    log.fill("s", 2);
    Flow.Subscriber<SubscriptionItem> subscriber =
        new Flow.Subscriber<>() {
          @Override
          public void onSubscribe(Flow.Subscription subscription) {
            subscription.request(2);
          }

          @Override
          public void onNext(SubscriptionItem item) {
            synchronized (printed) {
              print(((Event) item).position());
            }
          }

          @Override
          public void onError(Throwable error) {}

          @Override
          public void onComplete() {}
        };
    // snippet: publish
    Flow.Publisher<SubscriptionItem> publisher = client.subscribe(SubscribeOptions.wholeLog());
    publisher.subscribe(subscriber);
    // end
    eventually(
        "published",
        () -> {
          synchronized (printed) {
            return printed.size() == 2;
          }
        });
  }

  @Test
  void survivesARestart() {
    VarveClient client = client(leader("n1"));
    NewEvent event = NewEvent.builder("s", "Happened").build();
    // snippet: outbox
    AppendId id = client.newAppendId(); // store it with the event, before the first attempt

    AppendRequest request = AppendRequest.builder().event(event).appendId(id).build();
    AppendResult.Appended first = client.append(request).orThrow();
    AppendResult.Appended again = client.append(request).orThrow(); // after a restart, say
    // end
    assertThat(again.replayed()).isTrue();
    assertThat(again.firstPosition()).isEqualTo(first.firstPosition());
  }

  @Test
  void pushesABuffer() {
    VarveClient client = client(leader("n1"));
    NewEvent third = NewEvent.builder("board", "Drawn").key("4:2").data("3").build();
    NewEvent fourth = NewEvent.builder("board", "Drawn").key("4:3").data("4").build();
    client.append(
        AppendRequest.builder()
            .origin(Origin.of("device-7", "buffer-1", 1))
            .events(third, third)
            .build());
    // snippet: origin
    long next = client.originProgress("device-7", "buffer-1").nextSequence();

    AppendResult.Appended landed =
        client
            .append(
                AppendRequest.builder()
                    .origin(Origin.of("device-7", "buffer-1", next)) // the number of the first
                    .events(third, fourth)
                    .build())
            .orThrow();
    print(landed.originPositions()); // where each number landed, now or earlier
    // end
    assertThat(printed).containsExactly("[3, 4]");
  }

  @Test
  void readsTheLatest() {
    VarveClient client = client(leader("n1"));
    client.append(NewEvent.builder("board", "Drawn").key("4:2").data("red").build());
    client.append(NewEvent.builder("board", "Drawn").key("4:2").data("blue").build());
    // snippet: latest
    SubscribeOptions rest;
    try (Paged<Event> latest = client.readLatest("board")) {
      for (Event event : latest) {
        print(event.key() + " " + event.data().toUtf8());
      }
      rest = SubscribeOptions.builder().source("board").afterPosition(latest.asOf()).build();
    }
    try (SubscriptionStream items = client.follow(rest)) {
      print(items.poll(Duration.ofSeconds(5))); // newest position wins
    }
    // end
    assertThat(printed).first().isEqualTo("4:2 blue");
  }

  @Test
  void listsSources() {
    VarveClient client = client(leader("n1"));
    log.fill("account-17", 3);
    log.fill("account-18", 1);
    // snippet: sources
    try (Paged<SourceState> sources = client.listSources("account-")) {
      for (SourceState source : sources) {
        print(source.source() + " " + source.version());
      }
    }
    // end
    assertThat(printed).containsExactly("account-17 3", "account-18 1");
  }

  @Test
  void readsSinceATime() {
    VarveClient client = client(leader("n1"));
    Instant midnight = Instant.EPOCH;
    log.fill("s", 2);
    // snippet: since
    long before = client.positionAt(midnight); // 0 = nothing was recorded yet
    try (EventStream events = client.read(ReadOptions.builder().fromPosition(before + 1).build())) {
      events.forEach(event -> print(event.position()));
    }
    // end
    assertThat(printed).containsExactly("1", "2");
  }

  @Test
  void handlesErrors() {
    FakeNode node = leader("n1");
    VarveClient client = client(node);
    AppendRequest request = AppendRequest.builder().event(event("s", "a")).build();
    // snippet: errors
    try {
      client.append(request);
    } catch (OutcomeUnknownException unknown) {
      // May have landed. Append again with this id and the same events, and the log tells.
      print("unknown: " + unknown.appendId());
    } catch (UnavailableException | DeadlineExceededException | OverloadedException later) {
      // Certainly not appended.
      print("try later: " + later.getMessage());
    } catch (VarveException refused) {
      // This attempt appended nothing, and another will not fare better.
      print(refused.code() + " " + refused.field());
    }
    // end
    assertThat(printed).isEmpty();
  }
}
