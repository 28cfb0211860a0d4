package io.varve.cli.demo;

import static io.varve.cli.demo.StepFailedException.check;

import io.varve.cli.ResultText;
import io.varve.client.AppendId;
import io.varve.client.AppendRequest;
import io.varve.client.AppendResult;
import io.varve.client.AppendResult.Appended;
import io.varve.client.AppendResult.Conflict;
import io.varve.client.Event;
import io.varve.client.EventStream;
import io.varve.client.ExpectedVersion;
import io.varve.client.Filter;
import io.varve.client.FilterItem;
import io.varve.client.NewEvent;
import io.varve.client.Paged;
import io.varve.client.ReadConsistency;
import io.varve.client.ReadOptions;
import io.varve.client.VarveClient;
import io.varve.client.VarveException;
import io.varve.client.localfirst.LocalBuffer;
import io.varve.client.localfirst.LocalEvent;
import io.varve.client.localfirst.LocalSource;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * The demonstration: a real history goes into a cluster of three nodes, meets a conflict, a
 * duplicate, a race and a lost leader, and comes out as it went in; then a device that was offline
 * syncs. Everything it says it has checked.
 */
public final class Play {
  private static final Duration READY_LIMIT = Duration.ofMinutes(2);

  /** Patient: the machine may be small, and a leader is lost on purpose. */
  private static final Duration DEADLINE = Duration.ofSeconds(30);

  private static final int RACE_ROUNDS = 100;
  private static final int STORY_ORDER = 17;
  private static final int STORY_LINES = 6;

  private final Stage stage;
  private final DemoCluster cluster;
  private final Path home;
  private final int orders;
  private final VarveClient client;
  private final long headBefore;
  private final Ledger ledger;

  /** Clients that speak to one node each, whoever leads. */
  private final List<VarveClient> pinned = new ArrayList<>();

  /**
   * Where the play takes place.
   *
   * @param data where its nodes keep their data; empty = a new directory, deleted at the end
   * @param ports where its nodes listen; empty = anywhere free
   * @param fresh whether to delete what an earlier demonstration left in {@code data}
   * @param home where the Git history is
   * @param orders how many orders the generated history has
   */
  public record Setting(
      Optional<Path> data, Optional<DemoPorts> ports, boolean fresh, Path home, int orders) {

    /** The demonstration as it is documented. */
    public static Setting documented(
        Optional<Path> data, Optional<DemoPorts> ports, boolean fresh, Path home) {
      return new Setting(data, ports, fresh, home, ShopHistory.DEMO_ORDERS);
    }
  }

  private Play(Stage stage, DemoCluster cluster, Setting setting) {
    this.stage = stage;
    this.cluster = cluster;
    this.home = setting.home();
    this.orders = setting.orders();
    this.client =
        VarveClient.builder().target(cluster.ports().clientAddresses()).deadline(DEADLINE).build();
    for (int node = 0; node < DemoPorts.NODES; node++) {
      pinned.add(
          VarveClient.builder()
              .target(cluster.ports().clientAddress(node))
              .learnAddresses(false)
              .deadline(DEADLINE)
              .build());
    }
    this.headBefore = client.head().position();
    this.ledger = new Ledger(headBefore);
  }

  /**
   * Plays.
   *
   * @param setting where
   * @param out where it is shown
   * @param json whether to show it as JSON, one object a step
   * @param onStop takes what to do when the process is told to stop in the middle
   * @return whether all of it held
   * @throws DemoException if it cannot even begin
   */
  public static boolean run(
      Setting setting, PrintStream out, boolean json, Consumer<Runnable> onStop)
      throws InterruptedException {
    Path directory = setting.data().orElseGet(Play::temporaryDirectory);
    boolean temporary = setting.data().isEmpty();
    boolean held = false;
    try {
      held = run(setting, directory, new Stage(out, json), onStop);
    } finally {
      if (temporary && held) {
        DemoDirectory.deleteTree(directory);
      } else if (temporary && Files.exists(directory) && !json) {
        out.println("The nodes' data is still in " + directory + ".");
      }
    }
    return held;
  }

  private static boolean run(
      Setting setting, Path directory, Stage stage, Consumer<Runnable> onStop)
      throws InterruptedException {
    stage.open(
        "Varve keeps one log: a sequence of events in one order, on several nodes at once.",
        "Whoever writes may say what must still be true. This shows it on three real nodes.");
    stage.step("Three nodes start and agree on a leader");
    long begin = System.nanoTime();
    try (DemoCluster cluster =
        DemoCluster.start(
            directory, setting.ports(), DemoPorts::free, setting.fresh(), Duration.ZERO)) {
      Runnable close = cluster::close;
      onStop.accept(
          () -> {
            close.run();
            if (setting.data().isEmpty()) {
              DemoDirectory.deleteTree(directory);
            }
          });
      cluster.awaitReady(READY_LIMIT);
      Play play = new Play(stage, cluster, setting);
      try {
        play.perform((System.nanoTime() - begin) / 1e9);
        return true;
      } catch (StepFailedException e) {
        stage.fail(String.valueOf(e.getMessage()));
        return false;
      } catch (VarveException | CompletionException e) {
        Throwable cause =
            e instanceof CompletionException && e.getCause() != null ? e.getCause() : e;
        stage.fail(cause.toString());
        return false;
      } finally {
        play.disconnect();
      }
    }
  }

  private void perform(double secondsToStart) throws InterruptedException {
    ready(secondsToStart);
    importGit();
    importShop();
    story();
    String seat = book();
    repeat(seat);
    race();
    loseLeader();
    readBack();
    syncOffline();
    stage.close(
        "All of it held. `./varve demo` starts it all, with a canvas to paint on offline;"
            + " `./varve --help` says how.");
  }

  private void ready(double seconds) throws InterruptedException {
    stage.held(
        "node-1, node-2 and node-3 listen on "
            + cluster.ports().clientAddresses()
            + "; "
            + DemoDirectory.nodeId(leader())
            + " leads ("
            + decimal(seconds)
            + " s)");
    if (headBefore > 0) {
      stage.held(number(headBefore) + " events from earlier are still there");
    }
  }

  private void importGit() {
    stage.step("This repository's own history goes in");
    try (GitHistory history = GitHistory.of(home)) {
      Importer.Tally tally = new Importer(client, ledger, headBefore == 0).run(history);
      stage.held("one event for every commit and one for every file it changed: " + rates(tally));
    } catch (GitHistory.UnavailableException e) {
      stage.say("There is none here (" + e.getMessage() + "), so the log holds less.");
    }
  }

  private void importShop() {
    stage.step("A half year of a shop goes in: orders, payments, shipments");
    ShopHistory history = new ShopHistory(ShopHistory.DEMO_SEED, orders);
    Importer.Tally tally = new Importer(client, ledger, headBefore == 0).run(history);
    stage.held(rates(tally));
    stage.say(
        "Each append was atomic, expected its sources' exact versions, and was acknowledged once it");
    stage.say("lay on the disks of a majority. The history is made up: see docs/demo-history.md.");
  }

  private void story() throws InterruptedException {
    stage.step("One order's story is read by its tag, across its sources, from any node");
    int node = follower();
    String tag = "order:" + STORY_ORDER;
    List<Event> events = new ArrayList<>();
    try (EventStream stream =
        pinned
            .get(node)
            .read(
                ReadOptions.builder()
                    .filter(Filter.tags(tag))
                    .consistency(ReadConsistency.atLeast(client.head().position()))
                    .build())) {
      stream.forEach(events::add);
    }
    check(!events.isEmpty(), "no event carries the tag " + tag);
    for (Event event : events.subList(0, Math.min(STORY_LINES, events.size()))) {
      check(event.tags().contains(tag), "an event without the tag was read: " + event);
      stage.say(
          String.format(
              Locale.ROOT,
              "%7d  %-18s %-15s v%d",
              event.position(),
              event.type(),
              event.source(),
              event.version()));
    }
    if (events.size() > STORY_LINES) {
      stage.say("      …  and " + (events.size() - STORY_LINES) + " more");
    }
    stage.held(
        events.size() + " events of " + tag + ", in order, from " + DemoDirectory.nodeId(node));
  }

  /** Returns the source of the seat that was booked. */
  private String book() {
    stage.step("Two people want seat 12A; a condition decides");
    String flight = "flight-VR" + (headBefore + 100);
    String seat = flight + "/seat-12A";
    Filter taken =
        Filter.anyOf(
            FilterItem.builder().types("SeatBooked").tags("flight:" + flight, "seat:12A").build());
    long known = client.head().position();
    stage.say("Both look at the log at position " + known + ": the seat is free.");
    Appended ada =
        landed(
            append(
                AppendRequest.builder()
                    .event(booking(seat, flight, "Ada"))
                    .scope(taken, known)
                    .build()));
    stage.held(
        "Ada books it, on the condition that nobody has since: it lands at position "
            + ada.firstPosition());

    long headNow = client.head().position();
    AppendResult grace =
        append(
            AppendRequest.builder()
                .event(booking(seat, flight, "Grace"))
                .scope(taken, known)
                .condition(ExpectedVersion.notExists(seat))
                .build());
    check(grace instanceof Conflict, "Grace's booking was not refused: " + grace);
    Conflict conflict = (Conflict) grace;
    check(conflict.failed().size() == 2, "not both of Grace's conditions failed: " + conflict);
    check(
        conflict.failed().get(0).newest().orElseThrow().position() == ada.firstPosition(),
        "the conflict does not name Ada's booking: " + conflict);
    stage.held("Grace asks for the same, a moment later, and is refused. Why:");
    conflict.failed().forEach(failed -> stage.say("– " + ResultText.reason(failed)));
    check(client.head().position() == headNow, "a refused append changed the log");
    stage.held("nothing of hers is in the log");
    return seat;
  }

  private void repeat(String seat) {
    stage.step("An answer is lost, so the append is sent again, with the same append id");
    AppendId id = client.newAppendId();
    AppendRequest upgrade =
        AppendRequest.builder()
            .event(
                NewEvent.builder(seat, "MealOrdered")
                    .sourceType("Seat")
                    .data("{\"meal\":\"vegetarian\"}")
                    .build())
            .expectVersion(seat, client.version(seat))
            .appendId(id)
            .build();
    Appended first = landed(append(upgrade));
    long headNow = client.head().position();
    // Straight to each node: whoever is asked knows.
    for (VarveClient node : pinned) {
      AppendResult again = node.append(upgrade);
      check(
          again instanceof Appended repeated
              && repeated.replayed()
              && repeated.firstPosition() == first.firstPosition()
              && repeated.versions().equals(first.versions())
              && repeated.recorded().equals(first.recorded()),
          "the repeated append was answered with " + again + " instead of " + first);
    }
    check(client.head().position() == headNow, "a repeated append changed the log");
    stage.held(
        "sent once more to each node, it is answered each time with the original answer: position "
            + first.firstPosition());
    stage.held("it stands in the log once");
  }

  private void race() {
    stage.step("Two writers, on two nodes, race for one source");
    String source = "counter";
    int wins = 0;
    for (int round = 0; round < RACE_ROUNDS; round++) {
      long version = client.version(source);
      List<NewEvent> left = List.of(increment(source, "left", round));
      List<NewEvent> right = List.of(increment(source, "right", round));
      CompletableFuture<AppendResult> leftResult =
          pinned.get(0).appendAsync(expecting(left, source, version));
      CompletableFuture<AppendResult> rightResult =
          pinned.get(1).appendAsync(expecting(right, source, version));
      boolean leftWon = leftResult.join() instanceof Appended;
      boolean rightWon = rightResult.join() instanceof Appended;
      check(
          leftWon != rightWon,
          (leftWon ? "both" : "none") + " of two appends expecting version " + version + " landed");
      ledger.landed(
          (Appended) (leftWon ? leftResult : rightResult).join(),
          Ledger.digests(leftWon ? left : right));
      check(client.version(source) == version + 1, "the version is not " + (version + 1));
      wins += leftWon ? 1 : 0;
    }
    stage.held(
        RACE_ROUNDS
            + " times both expect the version they saw: one lands, the other is refused, every time");
    stage.held("the left one won " + wins + ", the right one " + (RACE_ROUNDS - wins));
  }

  private void loseLeader() throws InterruptedException {
    stage.step("The leader is lost while one writes and another follows, and comes back");
    int leader = leader();
    int follower = follower();
    LeaderLoss loss = new LeaderLoss(cluster, client, pinned.get(follower), ledger);
    stage.say(
        "A heartbeat is appended again and again; a subscriber on "
            + DemoDirectory.nodeId(follower)
            + " follows.");
    LeaderLoss.Seen seen =
        loss.run(
            leader,
            () -> stage.say(DemoDirectory.nodeId(leader) + " leads, and is stopped in mid-flow …"),
            () -> stage.say("… and is started again, on its old data."));
    stage.held(
        DemoDirectory.nodeId(seen.newLeader())
            + " took over; the longest wait for an acknowledgement was "
            + decimal(seen.longestGapMillis() / 1e3)
            + " s");
    stage.held(
        "all "
            + seen.beats()
            + " heartbeats landed once and reached the subscriber once, in order");
  }

  private void readBack() {
    stage.step("What is read back equals what was written, on every node");
    Ledger.Content written = ledger.written();
    long head = client.head().position();
    check(
        head == headBefore + written.count(),
        "the head is "
            + head
            + ", and "
            + written.count()
            + " events were acknowledged behind position "
            + headBefore);
    for (int node = 0; node < DemoPorts.NODES; node++) {
      long begin = System.nanoTime();
      Ledger.Content read;
      try (EventStream events =
          pinned
              .get(node)
              .read(
                  ReadOptions.builder()
                      .fromPosition(headBefore + 1)
                      .consistency(ReadConsistency.atLeast(head))
                      .build())) {
        read = ledger.read(events);
      }
      double seconds = (System.nanoTime() - begin) / 1e9;
      check(
          read.equals(written),
          DemoDirectory.nodeId(node) + " holds " + read + " and " + written + " was written");
      stage.held(
          String.format(
              Locale.ROOT,
              "%s: %s events, digest %s… (%s events/s)",
              DemoDirectory.nodeId(node),
              number(read.count()),
              read.digest().substring(0, 16),
              number(Math.round(read.count() / Math.max(seconds, 1e-3)))));
    }
    stage.held(
        "written: "
            + number(written.count())
            + " events, digest "
            + written.digest().substring(0, 16)
            + "…");
  }

  private void syncOffline() {
    stage.step(
        "A device writes without a network, and syncs later; a service writes to the same source");
    String source = "cart-" + (headBefore + 1);
    try (LocalBuffer device =
        LocalBuffer.builder()
            .gateway(URI.create("http://" + cluster.ports().httpAddress()))
            .directory(cluster.device())
            .open()) {
      LocalSource<Map<String, LocalEvent>> cart = device.source(source);
      for (String item : List.of("bread", "cheese", "wine")) {
        cart.append(cart.event("ItemPut").key(item).data("{\"count\":1}").build());
      }
      check(cart.pending() == 3, "the device shows " + cart.pending() + " pending events");
      stage.held("no gateway runs yet: three events are on the device's disk, and it shows them");
      long seen = client.version(source);
      check(seen == 0, "the log has " + seen + " events of " + source + " already");

      cluster.startGateway();
      device.landed().orTimeout(READY_LIMIT.toMillis(), TimeUnit.MILLISECONDS).join();
      check(client.version(source) == 3, source + " is at version " + client.version(source));
      stage.held(
          "a gateway starts at "
              + cluster.ports().httpAddress()
              + ": they land, once and in order");

      AppendResult late =
          client.append(
              NewEvent.builder(source, "CartOrdered").build(),
              ExpectedVersion.exactly(source, seen));
      check(late instanceof Conflict, "a decision on an old version was not refused: " + late);
      stage.held("a service that had seen the empty cart is refused, naming the device's event:");
      ((Conflict) late).failed().forEach(failed -> stage.say("– " + ResultText.reason(failed)));

      client
          .append(
              NewEvent.builder(source, "ItemPut").key("wine").data("{\"count\":2}").build(),
              ExpectedVersion.exactly(source, 3))
          .orThrow();
      cart.append(cart.event("ItemPut").key("wine").data("{\"count\":6}").build());
      device.landed().orTimeout(READY_LIMIT.toMillis(), TimeUnit.MILLISECONDS).join();
      try (Paged<Event> latest = client.readLatest(source)) {
        List<String> counts = new ArrayList<>();
        latest.forEach(event -> counts.add(event.key() + " " + event.data().toUtf8()));
        check(
            counts.contains("wine {\"count\":6}") && counts.size() == 3,
            "the newest of each key are " + counts);
      }
      stage.held("both write on; the newest position of each key wins, on every device");
    } finally {
      cluster.stopGateway();
    }
  }

  /** Appends and notes what landed. */
  private AppendResult append(AppendRequest request) {
    AppendResult result = client.append(request);
    if (result instanceof Appended appended) {
      ledger.landed(appended, Ledger.digests(request.events()));
    }
    return result;
  }

  private static Appended landed(AppendResult result) {
    check(result instanceof Appended, "the append did not land: " + result);
    return (Appended) result;
  }

  private static AppendRequest expecting(List<NewEvent> events, String source, long version) {
    return AppendRequest.builder().events(events).expectVersion(source, version).build();
  }

  private static NewEvent booking(String seat, String flight, String passenger) {
    return NewEvent.builder(seat, "SeatBooked")
        .sourceType("Seat")
        .tags("flight:" + flight, "seat:12A")
        .data("{\"passenger\":\"" + passenger + "\"}")
        .build();
  }

  private static NewEvent increment(String source, String writer, int round) {
    return NewEvent.builder(source, "Incremented")
        .sourceType("Counter")
        .data("{\"by\":\"" + writer + "\",\"round\":" + round + "}")
        .build();
  }

  private int leader() throws InterruptedException {
    return cluster
        .awaitLeader(READY_LIMIT)
        .orElseThrow(() -> new StepFailedException("no node leads"));
  }

  /** A node that does not lead. */
  private int follower() throws InterruptedException {
    return (leader() + 1) % DemoPorts.NODES;
  }

  private void disconnect() {
    client.close();
    pinned.forEach(VarveClient::close);
  }

  private static String rates(Importer.Tally tally) {
    return String.format(
        Locale.ROOT,
        "%s events in %s appends in %s s (%s events/s, %s appends/s)",
        number(tally.events()),
        number(tally.appends()),
        decimal(tally.seconds()),
        number(tally.eventsPerSecond()),
        number(tally.appendsPerSecond()));
  }

  private static String number(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  private static String decimal(double number) {
    return String.format(Locale.ROOT, "%.1f", number);
  }

  private static Path temporaryDirectory() {
    try {
      return Files.createTempDirectory("varve-play-");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
