package io.varve.gateway.pages;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.AppendRequest;
import io.varve.client.NewEvent;
import io.varve.client.VarveClient;
import io.varve.gateway.Gateway;
import io.varve.testkit.FreePorts;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.Keys;

/** Each view of the console, in a real browser, before a gateway of three real nodes. */
class ConsolePageTest {

  /** What would run if any of it were taken for markup. */
  private static final String HOSTILE =
      "<script>window.owned='script'</script><img src=x onerror=\"window.owned='image'\">";

  private static final int ACCOUNTS = 12;

  @TempDir static Path directory;

  private static ThreeNodes nodes;
  private static VarveClient client;
  private static Gateway gateway;
  private static Browser browser;
  private static long hostilePosition;
  private static long bytesPosition;
  private ConsolePage page;

  @BeforeAll
  static void start() {
    Browser.require();
    nodes = ThreeNodes.start(directory.resolve("nodes"));
    client = nodes.client();
    gateway = ConsoleGateways.open(nodes);
    browser = Browser.open(directory.resolve("profile"), Browser.Look.desktop());
    for (int i = 0; i < 120; i++) {
      append(account(i));
    }
    for (int i = 0; i < 24; i++) {
      append(
          NewEvent.builder("canvas/main", "PixelPainted")
              .key(i % 8 + "," + i / 8)
              .data("{\"colour\":\"#e8590c\"}")
              .build());
    }
    hostilePosition =
        append(
            NewEvent.builder(HOSTILE, HOSTILE)
                .key(HOSTILE)
                .tag(HOSTILE)
                .data(
                    "{\"note\":\""
                        + HOSTILE.replace("\"", "\\\"")
                        + "\",\"big\":12345678901234567890}")
                .metadata("{\"" + HOSTILE.replace("\"", "\\\"") + "\":1}")
                .build());
    bytesPosition =
        append(
            NewEvent.builder("notes", "TextWritten")
                .contentType("text/html")
                .data((HOSTILE + "\nplain").getBytes(StandardCharsets.UTF_8))
                .build());
  }

  @AfterAll
  static void stop() {
    if (browser != null) {
      browser.close();
    }
    if (gateway != null) {
      gateway.close();
    }
    if (client != null) {
      client.close();
    }
    if (nodes != null) {
      nodes.close();
    }
  }

  @BeforeEach
  void page() {
    browser.log();
    browser.look(Browser.Look.desktop());
    page = new ConsolePage(browser, gateway.uri());
  }

  @AfterEach
  void nothingWasRefusedByThePolicyOrFailedInThePage() {
    // A refused request is told by the browser too; those are the tests' own doing.
    assertThat(browser.log())
        .filteredOn(line -> line.startsWith("SEVERE") && !line.contains("Failed to load resource"))
        .isEmpty();
    page.assertNothingInjected();
  }

  @Test
  void showsMembersLeaderAndRatesThatMove() {
    AtomicBoolean over = new AtomicBoolean();
    Thread load = new Thread(() -> appendUntil(over), "console-load");
    load.start();
    try {
      page.open("/tail", "Tail");
      page.awaitText(".events", "MoneyDeposited");
      page.open("/overview", "Overview");
      page.awaitState("live");
      page.awaitCount(".members tbody tr", 3);
      browser.await(
          () -> "the leader",
          () -> page.text(".members tbody tr:has(.badge.leader) th").contains(nodes.leader()));
      page.awaitText(".ids", client.logIdentity().orElseThrow().toString());
      browser.await(
          () -> "three members that can be reached, not " + page.texts(".members .up"),
          () -> page.texts(".members .up").equals(Collections.nCopies(3, "reachable")));
      assertThat(page.texts(".plot h3")).contains("Appends", "Append latency", "Streams");
      browser.await(
          () -> "a line of 20 points in each of the first plots",
          () -> points("Appends") >= 20 && points("Append latency") >= 20);
      page.awaitText(".plot .legend", "node-1");
      page.awaitText(".plot .legend", "p99");
      browser.screenshot("console");
      browser.look(Browser.Look.desktop().inTheDark());
      browser.screenshot("console-dark");
      browser.look(Browser.Look.phone());
      page.assertFits("the overview on a phone");
      browser.screenshot("console-phone");
    } finally {
      over.set(true);
      join(load);
    }
  }

  @Test
  void plotsAreReadByKeyboard() {
    page.open("/overview", "Overview");
    browser.await(() -> "two points", () -> points("Events") >= 2);
    browser
        .driver()
        .executeScript("document.querySelectorAll('.plot-stage')[2].focus({ focusVisible: true })");
    page.press(Keys.ARROW_LEFT);
    page.awaitText(".plot:nth-child(3) .plot-moment", ":");
    assertThat(
            browser
                .driver()
                .executeScript("return document.activeElement.getAttribute('aria-label')"))
        .asString()
        .startsWith("Events: committed");
  }

  @Test
  void saysWhenAMemberIsAwayAndWhenThereIsNoMajority() {
    page.open("/overview", "Overview");
    page.awaitCount(".members tbody tr", 3);
    List<String> stopped = new ArrayList<>();
    try {
      stopped.add("node-3");
      nodes.stop("node-3");
      page.awaitText(".members tr.down th", "node-3");
      page.awaitState("live");
      stopped.add("node-2");
      nodes.stop("node-2");
      page.awaitState("no majority");
      page.awaitText("#view .notice", "nothing can be appended until a majority");
    } finally {
      stopped.forEach(nodes::start);
      nodes.awaitReady();
    }
    page.awaitState("live");
    page.awaitCount(".members tr.down", 0);
  }

  @Test
  void saysThatWhatIsShownIsOldWhenTheGatewayIsGone() {
    int port = FreePorts.next();
    Gateway other = ConsoleGateways.openAt(nodes, port);
    ConsolePage there = new ConsolePage(browser, other.uri());
    try {
      there.open("/overview", "Overview");
      there.awaitState("live");
      other.close();
      there.awaitState("no answer");
      there.awaitText("#view .notice", "The gateway does not answer.");
      there.awaitText("#view .notice", "What is shown is from");
      browser.await(() -> "stale plots", () -> there.count(".plot.stale") > 0);
    } finally {
      other.close();
    }
    try (Gateway again = ConsoleGateways.openAt(nodes, port)) {
      assertThat(again.port()).isEqualTo(port);
      there.awaitState("live");
      browser.await(() -> "fresh plots", () -> there.count(".plot.stale") == 0);
    }
  }

  @Test
  void browsesTheLogBackwardAndForward() {
    page.open("/log", "Log");
    page.awaitCount(".event", 50);
    long newest = position(0);
    assertThat(newest).isGreaterThanOrEqualTo(bytesPosition);
    page.click(".pager .button", "Older");
    browser.await(() -> "older events", () -> firstOf50() == newest - 50);
    assertThat(position(49)).isEqualTo(newest - 99);
    page.press("p");
    browser.await(() -> "the newer events again", () -> firstOf50() == newest);
    page.click(".view-head a", "Oldest first");
    browser.await(() -> "the first event", () -> firstOf50() == 1);
    page.press("n");
    browser.await(() -> "the next page", () -> firstOf50() == 51);
    page.press("j");
    page.press("j");
    page.press(Keys.ENTER);
    page.awaitTitle("Event 52");
  }

  @Test
  void filtersByTypesAndTags() {
    page.open("/log", "Log");
    page.awaitCount(".event", 50);
    page.press("f");
    page.leaveField();
    page.type("Types", "MoneyDeposited, AccountOpened");
    page.type("Tags", "region:north");
    page.click(".filter-form button", "Apply");
    page.awaitText(".filter-summary", "type MoneyDeposited or AccountOpened, tag region:north");
    browser.await(() -> "matching events", () -> page.count(".event") > 0);
    assertThat(page.texts(".event .event-type"))
        .isNotEmpty()
        .allMatch(type -> type.equals("MoneyDeposited") || type.equals("AccountOpened"));
    assertThat(page.texts(".event .event-labels"))
        .allMatch(labels -> labels.contains("region:north"));
    // The address says it all: a link shows the same.
    String link = String.valueOf(browser.driver().getCurrentUrl());
    page.open("/overview", "Overview");
    browser.driver().get(link);
    page.awaitText(".filter-summary", "MoneyDeposited");
    page.open("/log?filter=%7B%22anyOf%22%3A%5B%7B%22colour%22%3A1%7D%5D%7D", "Log");
    page.awaitText("#view .problem", "an item has no field \"colour\"");
  }

  @Test
  void jumpsToPositionsTimesAndSources() {
    page.open("/overview", "Overview");
    page.press("/");
    page.press("17", Keys.ENTER);
    page.awaitTitle("Event 17");
    page.press("/");
    page.press("2000-01-01T00:00", Keys.ENTER);
    page.awaitTitle("Log");
    browser.await(() -> "the first event", () -> firstOf50() == 1);
    page.press("/");
    page.press("account-1", Keys.ENTER);
    page.awaitTitle("Sources");
    page.awaitCount("#view tbody tr", 3);
    assertThat(page.texts("#view tbody th"))
        .containsExactly("account-1", "account-10", "account-11");
  }

  @Test
  void showsASourceItsHistoryAndItsLatestEvents() {
    page.open("/sources?prefix=canvas%2F", "Sources");
    page.click("#view tbody a", "canvas/main");
    page.awaitTitle("canvas/main");
    page.awaitText(".tiles", "24");
    page.awaitCount(".event", 24);
    assertThat(page.texts(".event-type")).containsOnly("PixelPainted");
    page.click(".segmented a", "Latest per key");
    page.awaitCount("#view tbody tr", 24);
    page.awaitText(".results", "24 keys");
    page.open("/source?source=canvas%2Fmain&tab=latest&prefix=3%2C", "canvas/main");
    page.awaitCount("#view tbody tr", 3);
    assertThat(page.texts("#view tbody th")).containsExactly("3,0", "3,1", "3,2");
    page.open("/source?source=no-such", "no-such");
    page.awaitText("#view .notice", "does not exist yet");
  }

  @Test
  void showsAnEventWithAllItsLabels() {
    page.open("/event/14", "Event 14");
    page.awaitText(".facts", "account-1");
    assertThat(page.text(".facts"))
        .contains("MoneyWithdrawn")
        .contains("Account")
        .contains("Transactions")
        .contains("2026-11")
        .contains("region:south");
    assertThat(page.text(".json")).contains("\"amount\": 13");
    page.press("n");
    page.awaitTitle("Event 15");
    page.press("p");
    page.awaitTitle("Event 14");
    page.click("#view .button", "← Before");
    page.awaitTitle("Event 2");
    page.open("/event/999999999", "Event 999999999");
    page.awaitText("#view .problem", "NOT_FOUND");
    page.open("/event/nonsense", "Event");
    page.awaitText("#view .problem", "That is no position");
  }

  @Test
  void showsHostileEventsAsText() {
    String only = "{\"anyOf\":[{\"source\":\"" + HOSTILE.replace("\"", "\\\"") + "\"}]}";
    page.open("/event/" + hostilePosition, "Event " + hostilePosition);
    page.awaitText(".facts", HOSTILE);
    page.awaitText(".json", "window.owned");
    assertThat(page.text(".json")).contains("12345678901234567890");
    page.assertNothingInjected();
    page.click(".facts a", "<script>");
    page.awaitTitle(HOSTILE);
    page.awaitCount(".event", 1);
    page.assertNothingInjected();
    page.click(".segmented a", "Latest per key");
    page.awaitText("#view tbody", HOSTILE);
    page.assertNothingInjected();
    page.open("/log?before=" + (hostilePosition + 1), "Log");
    page.awaitText(".events", HOSTILE);
    page.assertNothingInjected();
    page.open("/sources?prefix=%3Cscript", "Sources");
    page.awaitText("#view tbody", HOSTILE);
    page.assertNothingInjected();
    // Of that source alone: others append much, and the tail keeps the newest 500.
    page.open("/tail?after=0&filter=" + encoded(only), "Tail");
    page.awaitText(".events", HOSTILE);
    page.assertNothingInjected();
    page.open("/event/" + bytesPosition, "Event " + bytesPosition);
    page.awaitText(".bytes .json", HOSTILE);
    page.assertNothingInjected();
  }

  @Test
  void followsTheTail() {
    page.open("/tail", "Tail");
    page.awaitText(".view-head .state", "live");
    append(NewEvent.builder("tail/1", "Ticked").data("{\"n\":1}").build());
    page.awaitText(".event .event-source", "tail/1");
    page.leaveField();
    page.press(" ");
    page.awaitText(".tail-bar .button.primary", "Resume");
    append(NewEvent.builder("tail/1", "Ticked").data("{\"n\":2}").build());
    page.awaitText(".tail-bar", "paused; 1 event waits");
    assertThat(page.text(".events")).doesNotContain("{\"n\":2}");
    page.press(" ");
    page.awaitText(".events", "{\"n\":2}");
    page.press("f");
    page.leaveField();
    page.type("Source", "tail/2");
    page.click(".filter-form button", "Apply");
    page.awaitText(".filter-summary", "source tail/2");
    page.awaitText(".view-head .state", "live");
    append(NewEvent.builder("tail/1", "Ticked").data("{\"n\":3}").build());
    append(NewEvent.builder("tail/2", "Ticked").data("{\"n\":4}").build());
    page.awaitText(".events", "{\"n\":4}");
    assertThat(page.texts(".event .event-source")).containsExactly("tail/2");
  }

  @Test
  void keepsTheNewest500OfTheTail() {
    page.open("/tail?after=0", "Tail");
    for (int i = 0; i < 13; i++) {
      List<NewEvent> run = new ArrayList<>();
      for (int n = 0; n < 50; n++) {
        run.add(NewEvent.builder("tail/many", "Ticked").data("{\"n\":" + n + "}").build());
      }
      client.append(AppendRequest.of(run, List.of())).orThrow();
    }
    long head = client.head().position();
    browser.await(
        () -> "the head " + head + " at the top",
        () -> page.count(".event") > 0 && position(0) == head);
    assertThat(page.count(".events > li")).isEqualTo(500);
  }

  @Test
  void appendsAndShowsTheConflict() {
    page.open("/append?source=append%2F1", "Append");
    page.type("Type", "Opened");
    page.type("Data, as JSON", "{\"balance\": 12345678901234567890}");
    page.type("Expected version of the source", "none");
    page.click(".append-form button", "Append");
    page.awaitText(".result.good", "append/1 is at 1");
    assertThat(client.version("append/1")).isEqualTo(1);
    page.click(".result button", "Send the same again");
    page.awaitText(".result.good", "Appended before: the original answer");
    assertThat(client.version("append/1")).isEqualTo(1);

    page.click(".append-form button", "Append");
    page.awaitText(".result.conflict", "Expected source append/1 not to exist");
    page.awaitText(".result.conflict", "it is at version 1");
    page.awaitText(".result.conflict", "Opened of append/1 at position");
    assertThat(client.version("append/1")).isEqualTo(1);

    page.type("Expected version of the source", "");
    page.type("Concurrency scopes, as JSON", "{\"anyOf\":[{\"types\":[\"Opened\"]}],\"after\":0}");
    page.click(".append-form button", "Append");
    page.awaitText(".result.conflict", "Expected no event matching type Opened after position 0");

    page.click(".result.conflict a", "");
    page.awaitText(".facts", "append/1");
    assertThat(page.text(".json")).contains("12345678901234567890");
  }

  @Test
  void provokesAConflictThatAppendsNothing() {
    page.open("/append?source=account-3", "Append");
    long version = client.version("account-3");
    page.click(".append-form button", "Provoke a conflict");
    page.awaitText(".result.conflict", "to be at version " + (version - 1));
    page.awaitText(".result.conflict", "it is at version " + version);
    page.awaitText(".result.conflict", "Nothing was appended.");
    browser.screenshot("console-conflict");
    assertThat(client.version("account-3")).isEqualTo(version);
    page.type("Source", "no-such-source");
    page.click(".append-form button", "Provoke a conflict");
    page.awaitText(".result.conflict", "Expected source no-such-source to exist");
  }

  @Test
  void doesNotSendWhatIsNotJson() {
    page.open("/append?source=append%2F2", "Append");
    page.type("Type", "Opened");
    page.type("Data, as JSON", "{\"amount\": }");
    page.click(".append-form button", "Append");
    page.awaitText(".field-error", "JSON");
    page.type("Data, as JSON", "");
    page.type("Concurrency scopes, as JSON", "{\"anyOf\":[]}");
    page.click(".append-form button", "Append");
    page.awaitText(".field-error", "A scope needs \"after\"");
    assertThat(client.version("append/2")).isZero();
  }

  @Test
  void goesByKeysAndSkipsToTheContent() {
    page.open("/overview", "Overview");
    for (String[] to :
        new String[][] {
          {"l", "Log"},
          {"s", "Sources"},
          {"t", "Tail"},
          {"a", "Append"},
          {"i", "Access"},
          {"o", "Overview"}
        }) {
      page.press("g" + to[0]);
      page.awaitTitle(to[1]);
    }
    browser.driver().navigate().refresh();
    page.awaitTitle("Overview");
    page.press(Keys.TAB);
    page.press(Keys.ENTER);
    assertThat(browser.driver().executeScript("return document.activeElement.id"))
        .isEqualTo("main");
    page.press("?");
    page.awaitText("#help", "Keyboard");
    page.press(Keys.ESCAPE);
  }

  @Test
  void fitsOnAPhone() {
    browser.look(Browser.Look.phone());
    for (String[] view :
        new String[][] {
          {"/log", "Log"},
          {"/sources", "Sources"},
          {"/source?source=canvas%2Fmain", "canvas/main"},
          {"/source?source=canvas%2Fmain&tab=latest", "canvas/main"},
          {"/event/" + hostilePosition, "Event " + hostilePosition},
          {"/event/" + bytesPosition, "Event " + bytesPosition},
          {"/append", "Append"},
          {"/access", "Access"},
          {"/tail?after=" + (hostilePosition - 1), "Tail"},
        }) {
      page.open(view[0], view[1]);
      browser.await(
          () -> view[0] + " to be there",
          () -> page.count("#view .skeleton, #view [aria-busy]") == 0);
      page.assertFits(view[0]);
    }
  }

  @Test
  void saysWhatToGrantAClientThatMayNotLook() {
    try (Gateway keys = ConsoleGateways.keys(nodes, directory.resolve("signing-keys.json"))) {
      ConsolePage there = new ConsolePage(browser, keys.uri());
      there.open("/overview", "Overview");
      there.awaitState("no access");
      there.awaitText("#view .problem .command", "varve token grant --client");
      there.open("/access", "Access");
      there.awaitText("#view .client-id", "");
      browser.await(() -> "the client id", () -> there.text("#view .client-id").length() == 43);
      String clientId = there.text("#view .client-id");
      assertThat(there.text(".command"))
          .contains("varve token grant --client " + clientId + " --read '*' --append '*'");
      assertThat(
              browser.run(
                  "const { loadKeys } = await import('/console/keys.js');"
                      + " const { pair, clientId } = await loadKeys();"
                      + " return clientId + ' ' + pair.privateKey.extractable;"))
          .isEqualTo(clientId + " false");

      ConsoleGateways.grantEverything(client, clientId);
      browser.await(
          () -> "grants, but the page says: " + there.text("#view .facts"),
          () -> {
            there.click("#view .button", "Ask again");
            return there.text("#view .facts").contains("everything (*)");
          });
      there.open("/log", "Log");
      there.awaitCount(".event", 50);
      there.open("/append?source=account-3", "Append");
      there.click(".append-form button", "Provoke a conflict");
      there.awaitText(".result.conflict", "Nothing was appended.");
      there.open("/tail", "Tail");
      there.awaitText(".view-head .state", "live");
    }
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private static NewEvent account(int i) {
    return NewEvent.builder(
            "account-" + i % ACCOUNTS,
            i < ACCOUNTS ? "AccountOpened" : i % 2 == 0 ? "MoneyDeposited" : "MoneyWithdrawn")
        .sourceType("Account")
        .streamType("Transactions")
        .streamId("2026-11")
        .tags("order:" + i, i % 2 == 0 ? "region:north" : "region:south")
        .data("{\"amount\":" + i + ",\"currency\":\"NOK\"}")
        .build();
  }

  private static long append(NewEvent event) {
    return client.append(event).orThrow().lastPosition();
  }

  private static void appendUntil(AtomicBoolean over) {
    for (int i = 0; !over.get(); i++) {
      append(
          NewEvent.builder("load/" + i % 50, "MoneyDeposited")
              .data("{\"amount\":" + i + "}")
              .build());
    }
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The first event's position when fifty are shown; else 0. One look, as views are redrawn. */
  private long firstOf50() {
    List<String> positions = page.texts(".event-position");
    return positions.size() == 50 ? Long.parseLong(positions.get(0)) : 0;
  }

  private long position(int row) {
    return Long.parseLong(page.texts(".event-position").get(row));
  }

  /** Of how many points the longest line of a plot is made. */
  private static int points(String title) {
    Object points =
        browser
            .driver()
            .executeScript(
                "const plot = [...document.querySelectorAll('.plot')].find((e) =>"
                    + " e.querySelector('h3').innerText === arguments[0]);"
                    + " return Math.max(0, ...[...(plot?.querySelectorAll('path.line') ?? [])]"
                    + ".map((line) => line.getAttribute('d').split(/[ML]/).length - 1));",
                title);
    return points instanceof Number number ? number.intValue() : 0;
  }
}
