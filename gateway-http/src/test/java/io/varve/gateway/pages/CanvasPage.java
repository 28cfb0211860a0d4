package io.varve.gateway.pages;

import java.net.URI;
import java.util.List;
import org.openqa.selenium.By;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.WindowType;

/** The canvas in one tab: what a person can do with it and see on it. */
final class CanvasPage {
  private final Browser browser;

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
    browser.run(
        "(await import('/canvas/canvas.js')).paint(args[0], args[1], args[2])", x, y, colour);
  }

  void erase(int x, int y) {
    browser.run("(await import('/canvas/canvas.js')).paint(args[0], args[1], null)", x, y);
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

  /** Waits until nothing waits to be sent. */
  void awaitSent() {
    browser.awaitData("pending", "0");
    browser.awaitData("state", "online");
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

  String words(String id) {
    return element(id).getText();
  }
}
