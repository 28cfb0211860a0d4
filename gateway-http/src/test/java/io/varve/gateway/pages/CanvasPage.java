package io.varve.gateway.pages;

import java.net.URI;
import java.util.List;
import org.openqa.selenium.By;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.WindowType;

/** The canvas in one tab: what a person can do with it and see on it. */
final class CanvasPage {
  private final Browser browser;

  /** What was painted and erased since the page was loaded. */
  private int painted;

  private CanvasPage(Browser browser) {
    this.browser = browser;
  }

  /** Opens the canvas in the current tab. */
  static CanvasPage open(Browser browser, URI site, String canvas) {
    browser.driver().get(site + "/canvas/#" + canvas);
    return new CanvasPage(browser).ready();
  }

  /** Opens it in a further tab. */
  static CanvasPage openTab(Browser browser, URI site, String canvas, Browser.Look look) {
    browser.driver().switchTo().newWindow(WindowType.TAB);
    browser.look(look);
    return open(browser, site, canvas);
  }

  CanvasPage reload() {
    browser.driver().navigate().refresh();
    painted = 0;
    return ready();
  }

  private CanvasPage ready() {
    browser.awaitData("ready", "true");
    return this;
  }

  /** Waits until the page can be opened without a network. */
  CanvasPage keptForOffline() {
    browser.awaitData("offline-shell", "ready");
    return this;
  }

  void paint(int x, int y, String colour) {
    put(x, y, colour);
  }

  void erase(int x, int y) {
    put(x, y, "");
  }

  private void put(int x, int y, String colour) {
    Object changed =
        browser.run(
            "return (await import('/canvas/canvas.js')).paint(args[0], args[1], args[2] || null)",
            x,
            y,
            colour);
    painted += Boolean.TRUE.equals(changed) ? 1 : 0;
  }

  /** The colour shown at a cell; empty when nobody painted it. */
  String colour(int x, int y) {
    Object colour =
        browser.run(
            "return (await import('/canvas/canvas.js')).colorAt(args[0], args[1]) ?? ''", x, y);
    return String.valueOf(colour);
  }

  /** {@code unsaved}, {@code pending} or {@code landed}. */
  String standing(int x, int y) {
    return String.valueOf(
        browser.run(
            "return (await import('/canvas/canvas.js')).standingAt(args[0], args[1])", x, y));
  }

  /** All painted cells as text: equal where two pages show the same. */
  String picture() {
    return String.valueOf(
        browser.run("return JSON.stringify((await import('/canvas/canvas.js')).snapshot())"));
  }

  /** Where a cell's middle is in the window. */
  List<?> centre(int x, int y) {
    return (List<?>)
        browser.run(
            "const c = (await import('/canvas/canvas.js')).centreOf(args[0], args[1]);"
                + " return [Math.round(c.x), Math.round(c.y)]",
            x,
            y);
  }

  void awaitColour(int x, int y, String colour) {
    browser.await(
        () -> x + "," + y + " to be " + colour + " but it is " + colour(x, y),
        () -> colour(x, y).equals(colour));
  }

  void awaitPicture(String picture) {
    browser.await(
        () -> "the picture " + picture + " but it is " + picture(),
        () -> picture().equals(picture));
  }

  /** Waits until what was painted is saved, and nothing waits to be sent. */
  void awaitSent() {
    browser.await(
        () -> painted + " to be saved, not " + browser.data("saved"), () -> saved() >= painted);
    browser.awaitData("pending", "0");
    browser.awaitData("state", "online");
  }

  private int saved() {
    String saved = browser.data("saved");
    return saved.isEmpty() ? 0 : Integer.parseInt(saved);
  }

  void awaitStanding(int x, int y, String standing) {
    browser.await(
        () -> x + "," + y + " to be " + standing + ", not " + standing(x, y),
        () -> standing(x, y).equals(standing));
  }

  void awaitState(String state) {
    browser.awaitData("state", state);
  }

  void awaitPending(int count) {
    browser.awaitData("pending", String.valueOf(count));
  }

  void awaitSaved(int count) {
    browser.awaitData("saved", String.valueOf(count));
  }

  WebElement element(String id) {
    return browser.driver().findElement(By.id(id));
  }

  /** What comes to be said to those who cannot see is kept from now on. */
  void listen() {
    browser
        .driver()
        .executeScript(
            "window.heard = []; new MutationObserver(() =>"
                + " heard.push(document.getElementById('say').textContent))"
                + ".observe(document.getElementById('say'),"
                + " { childList: true, characterData: true, subtree: true });");
  }

  /** Waits until something that begins so has been said. */
  void awaitHeard(String beginning) {
    browser.await(
        () -> "'" + beginning + "' to be said, among " + browser.run("return heard"),
        () ->
            Boolean.TRUE.equals(
                browser.run("return heard.some((text) => text.startsWith(args[0]))", beginning)));
  }

  String words(String id) {
    return element(id).getText();
  }
}
