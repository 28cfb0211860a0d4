package io.varve.gateway.pages;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.interactions.Actions;

/** The canvas in a real Chromium, before a gateway that comes and goes. */
@Timeout(600)
class CanvasPageTest {
  private static final String RED = "#e5383b";
  private static final String BLUE = "#2f6fed";
  private static final String INK = "#1c1b22";

  // Chromium may still write to a killed profile's directory while it is deleted.
  @TempDir(cleanup = CleanupMode.NEVER)
  Path profiles;

  private final String canvas = "t-" + UUID.randomUUID();
  private GatewaySite site;
  private Browser browser;

  @BeforeEach
  void start() {
    Browser.require();
    site = new GatewaySite(profiles);
    browser = Browser.open(profiles.resolve("a"), Browser.Look.desktop());
  }

  @AfterEach
  void stop() {
    try {
      browser.close();
    } finally {
      site.close();
    }
  }

  @Test
  void aCellPaintedInOneBrowserIsShownInAnother() {
    CanvasPage page = CanvasPage.open(browser, site.uri(), canvas);
    try (Browser other = Browser.open(profiles.resolve("b"), Browser.Look.desktop())) {
      CanvasPage theirs = CanvasPage.open(other, site.uri(), canvas);

      page.paint(3, 4, RED);
      theirs.awaitColour(3, 4, RED);
      theirs.paint(3, 4, BLUE);
      page.awaitColour(3, 4, BLUE);
      theirs.erase(3, 4);
      page.awaitColour(3, 4, "");

      browser.awaitData("people", "2");
      other.awaitData("people", "2");
    }
  }

  @Test
  void bothShowTheSameAfterOneAndThenBothHavePaintedTheSameCellsOffline() {
    CanvasPage page = CanvasPage.open(browser, site.uri(), canvas);
    try (Browser other = Browser.open(profiles.resolve("b"), Browser.Look.desktop())) {
      CanvasPage theirs = CanvasPage.open(other, site.uri(), canvas);
      page.awaitState("online");
      theirs.awaitState("online");

      browser.network(false);
      page.awaitState("offline");
      for (int x = 0; x < 4; x++) {
        page.paint(x, 8, RED);
        theirs.paint(x, 8, BLUE);
      }
      theirs.awaitSent();
      browser.network(true);
      page.awaitSent();
      // The one that was offline landed last.
      for (int x = 0; x < 4; x++) {
        theirs.awaitColour(x, 8, RED);
      }

      browser.network(false);
      other.network(false);
      for (int x = 0; x < 8; x++) {
        page.paint(x, 9, RED);
        theirs.paint(x, 9, BLUE);
      }
      theirs.paint(9, 9, INK);
      page.awaitPending(8);
      theirs.awaitPending(9);
      page.awaitState("offline");
      page.awaitStanding(0, 9, "pending");
      assertThat(page.colour(0, 9)).isEqualTo(RED);
      assertThat(theirs.colour(0, 9)).isEqualTo(BLUE);

      browser.network(true);
      page.awaitSent();
      other.network(true);
      theirs.awaitSent();

      // Theirs landed last.
      for (int x = 0; x < 8; x++) {
        page.awaitColour(x, 9, BLUE);
      }
      page.awaitColour(9, 9, INK);
      assertThat(theirs.picture()).isEqualTo(page.picture());
      assertThat(site.events("canvas/" + canvas))
          .as("each painted event once")
          .hasSize(25)
          .extracting(
              event -> event.clientId() + " " + event.bufferId() + " " + event.clientSequence())
          .doesNotHaveDuplicates();
    }
  }

  @Test
  void aReloadWithoutAGatewayShowsWhatWasPaintedAndPaintsOn() {
    CanvasPage page = CanvasPage.open(browser, site.uri(), canvas).keptForOffline();
    page.paint(1, 1, RED);
    page.awaitSent();
    site.stop();
    page.paint(2, 1, BLUE);
    page.awaitPending(1);

    page.reload();

    page.awaitColour(1, 1, RED);
    page.awaitColour(2, 1, BLUE);
    page.awaitState("offline");
    page.awaitStanding(1, 1, "landed");
    page.awaitStanding(2, 1, "pending");
    page.paint(3, 1, INK);
    page.awaitPending(2);
    String picture = page.picture();

    site.start();

    page.awaitSent();
    assertThat(page.picture()).isEqualTo(picture);
    page.awaitStanding(3, 1, "landed");
  }

  @Test
  void aKilledBrowserHasLostNoCellThatWasShownAsSaved() {
    CanvasPage page = CanvasPage.open(browser, site.uri(), canvas).keptForOffline();
    page.awaitState("online");
    site.stop();
    for (int x = 0; x < 20; x++) {
      page.paint(x, 2, RED);
    }
    page.awaitSaved(20);
    String picture = page.picture();

    browser.kill();
    browser = Browser.open(profiles.resolve("a"), Browser.Look.desktop());
    page = CanvasPage.open(browser, site.uri(), canvas);

    page.awaitPicture(picture);
    page.awaitPending(20);
    site.start();
    page.awaitSent();
    assertThat(page.picture()).isEqualTo(picture);
    assertThat(site.events("canvas/" + canvas)).hasSize(20);
  }

  @Test
  void twoTabsOfOneBrowserShareOneBuffer() {
    CanvasPage first = CanvasPage.open(browser, site.uri(), canvas);
    String firstTab = browser.driver().getWindowHandle();
    first.awaitState("online");
    CanvasPage second = CanvasPage.openTab(browser, site.uri(), canvas, Browser.Look.desktop());

    second.paint(5, 5, RED);
    second.awaitSent();
    browser.driver().switchTo().window(firstTab);
    first.awaitColour(5, 5, RED);
    first.awaitStanding(5, 5, "landed");

    // The tab that led is closed; the other goes on.
    first.paint(6, 5, BLUE);
    browser.driver().close();
    browser.driver().switchTo().window(List.copyOf(browser.driver().getWindowHandles()).get(0));
    second.awaitColour(6, 5, BLUE);
    second.paint(7, 5, INK);
    second.awaitSent();
    second.awaitStanding(7, 5, "landed");
  }

  @Test
  void aDragPaintsALineWithoutGapsAndUndoTakesItBack() {
    CanvasPage page = CanvasPage.open(browser, site.uri(), canvas);
    page.paint(30, 20, INK);

    List<?> from = page.centre(10, 20);
    List<?> to = page.centre(50, 20);
    // Two points only: what lies between is the page's to fill.
    mouse("mousePressed", from);
    mouse("mouseMoved", to);
    mouse("mouseReleased", to);

    for (int x = 10; x <= 50; x++) {
      page.awaitColour(x, 20, RED);
    }
    assertThat(page.colour(9, 20)).isEmpty();
    assertThat(page.colour(51, 20)).isEmpty();

    page.element("undo").click();
    page.awaitColour(10, 20, "");
    page.awaitColour(50, 20, "");
    page.awaitColour(30, 20, INK);
  }

  @Test
  void theKeyboardPaintsErasesAndChoosesColours() {
    CanvasPage page = CanvasPage.open(browser, site.uri(), canvas);
    // That it is online is said as well.
    page.awaitState("online");
    page.listen();
    WebElement board = page.element("board");
    browser.driver().executeScript("arguments[0].focus()", board);

    // The cursor begins in the middle.
    board.sendKeys("8", Keys.ARROW_RIGHT, Keys.SPACE);
    page.awaitColour(33, 32, BLUE);
    page.awaitHeard("33, 32: Blue");

    board.sendKeys("d", Keys.ARROW_DOWN, Keys.ARROW_DOWN, "d", Keys.ARROW_DOWN);
    page.awaitColour(33, 34, BLUE);
    page.awaitColour(33, 33, BLUE);
    assertThat(page.colour(33, 35)).isEmpty();

    board.sendKeys(Keys.ARROW_UP, Keys.DELETE);
    page.awaitColour(33, 34, "");
    board.sendKeys(Keys.chord(Keys.CONTROL, "z"));
    page.awaitColour(33, 34, BLUE);

    board.sendKeys("?");
    browser.await(() -> "the list of keys", () -> page.element("keys-dialog").isDisplayed());
  }

  @Test
  void theTabKeyReachesEveryControlAndEachHasAName() {
    CanvasPage page = CanvasPage.open(browser, site.uri(), canvas);
    browser.driver().executeScript("document.activeElement.blur()");
    assertThat(page.element("board").getAttribute("aria-label")).isNotEmpty();
    List<String> reached = new java.util.ArrayList<>();
    for (int n = 0; n < 30; n++) {
      new Actions(browser.driver()).sendKeys(Keys.TAB).perform();
      WebElement now = browser.driver().switchTo().activeElement();
      if (now.getTagName().equals("body")) {
        break;
      }
      assertThat(now.getAccessibleName()).as(now.getAttribute("outerHTML")).isNotBlank();
      reached.add(String.valueOf(now.getAttribute("id")));
    }
    assertThat(reached)
        .contains("name", "chip", "share", "board", "zoom-in", "offline", "theme", "keys");
  }

  @Test
  void theOfflineSwitchHoldsBackAndSaysSoInWords() {
    CanvasPage page = CanvasPage.open(browser, site.uri(), canvas);
    page.awaitState("online");
    browser.await(() -> "the word", () -> page.words("state-word").equals("Online"));

    page.element("offline").findElement(By.xpath("..")).click();
    page.awaitState("offline");
    page.paint(0, 0, RED);
    page.awaitPending(1);
    assertThat(page.words("chip-text")).isEqualTo("Offline");
    assertThat(page.words("chip-count")).isEqualTo("1");
    assertThat(page.words("f-pending")).isEqualTo("1");

    page.element("offline").findElement(By.xpath("..")).click();
    page.awaitSent();
    browser.await(() -> "the word", () -> page.words("chip-text").equals("Online"));
    assertThat(page.element("chip-count").isDisplayed()).isFalse();
  }

  @Test
  void whatTheGatewayRefusesIsShownUntilDiscarded() {
    // Everybody may look at it, and nobody may paint on it.
    CanvasPage page = CanvasPage.open(browser, site.uri(), "locked");
    page.awaitState("online");
    page.paint(4, 4, RED);

    page.awaitState("rejected");
    browser.awaitData("rejected", "1");
    assertThat(page.words("state-word")).isEqualTo("Rejected");
    WebElement item = page.element("refused-list").findElement(By.tagName("li"));
    assertThat(item.getText()).contains("4,4");
    browser.screenshot("canvas-rejected");

    item.findElement(By.tagName("button")).click();

    browser.awaitData("rejected", "0");
    page.awaitSent();
    page.awaitColour(4, 4, "");
    assertThat(site.events("canvas/locked")).isEmpty();
  }

  @Test
  void aPageThatIsNotSecureSaysSo() {
    browser.close();
    browser =
        Browser.open(
            profiles.resolve("c"),
            Browser.Look.desktop(),
            "--host-resolver-rules=MAP canvas.test 127.0.0.1");
    browser.driver().get("http://canvas.test:" + site.uri().getPort() + "/canvas/");

    browser.awaitData("state", "insecure-context");
    assertThat(browser.driver().findElement(By.id("state-text")).getText()).contains("https");
  }

  @Test
  void thePageBreaksNoRuleOfItsContentSecurityPolicyAndLogsNoError() {
    CanvasPage page = CanvasPage.open(browser, site.uri(), canvas).keptForOffline();
    page.paint(1, 2, "#123456");
    page.element("share").click();
    page.awaitSent();

    assertThat(browser.log()).filteredOn(line -> line.startsWith("SEVERE")).isEmpty();
    assertThat(page.element("share-link").getAttribute("value"))
        .isEqualTo(site.uri() + "/canvas/#" + canvas);
  }

  @Test
  void itFitsPhonesAndDesktopsInLightAndDark() {
    CanvasPage page = CanvasPage.open(browser, site.uri(), "t-lake");
    Picture.paint(browser);
    page.awaitSent();
    for (Map.Entry<String, Browser.Look> look :
        Map.of("desktop", Browser.Look.desktop(), "phone", Browser.Look.phone()).entrySet()) {
      for (boolean dark : new boolean[] {false, true}) {
        browser.look(dark ? look.getValue().inTheDark() : look.getValue());
        Picture.painted(browser);
        browser.screenshot("canvas-" + look.getKey() + (dark ? "-dark" : "-light"));
        assertThat(browser.run("return document.documentElement.scrollWidth <= innerWidth"))
            .as("nothing sticks out at " + look.getValue().width())
            .isEqualTo(true);
        assertThat(
                browser.run(
                    "const a = (await import('/canvas/canvas.js')).centreOf(0, 0);"
                        + " const b = (await import('/canvas/canvas.js')).centreOf(63, 63);"
                        + " return a.x > 0 && a.y > 0 && b.x < innerWidth && b.y < innerHeight"))
            .as("all cells are to be seen")
            .isEqualTo(true);
      }
    }
  }

  private void mouse(String type, List<?> at) {
    browser.cdp(
        "Input.dispatchMouseEvent",
        Map.of(
            "type",
            type,
            "x",
            at.get(0),
            "y",
            at.get(1),
            "button",
            "left",
            "buttons",
            1,
            "clickCount",
            1));
  }
}
