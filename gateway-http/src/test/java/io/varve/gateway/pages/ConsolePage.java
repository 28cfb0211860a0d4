package io.varve.gateway.pages;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.util.List;
import java.util.Objects;
import org.openqa.selenium.Keys;
import org.openqa.selenium.StaleElementReferenceException;

/** The console as a person has it before them. For one thread. */
final class ConsolePage {
  private final Browser browser;
  private final String address;

  ConsolePage(Browser browser, URI gateway) {
    this.browser = browser;
    this.address = gateway.resolve("/console/").toString();
  }

  /** Opens a view by its link, as {@code /event/3}, and waits for its title. */
  ConsolePage open(String view, String title) {
    String target = address + "#" + view;
    if (!target.equals(browser.driver().getCurrentUrl())) {
      // So that the title is the new view's, also where the old one has the same.
      browser.driver().executeScript("document.title = ''");
    }
    browser.driver().get(target);
    awaitTitle(title);
    return this;
  }

  /** Waits until the view has a title. */
  void awaitTitle(String title) {
    browser.await(
        () -> "the title " + title + ", not " + browser.driver().getTitle(),
        () -> title().equals(title));
  }

  /** The view's title. */
  String title() {
    return Objects.requireNonNull(browser.driver().getTitle(), "title")
        .replace(" – Varve console", "");
  }

  /** Waits until something of the page says something. */
  void awaitText(String css, String part) {
    browser.await(
        () -> "'" + part + "' in " + css + ", which says: " + text(css),
        () -> text(css).contains(part));
  }

  /** What all that a selector finds says. */
  String text(String css) {
    return String.valueOf(
        browser
            .driver()
            .executeScript(
                "return [...document.querySelectorAll(arguments[0])]"
                    + ".filter((e) => e.checkVisibility())"
                    + ".map((e) => e.innerText).join('\\n')",
                css));
  }

  /** What each that a selector finds says. */
  List<String> texts(String css) {
    Object found =
        browser
            .driver()
            .executeScript(
                "return [...document.querySelectorAll(arguments[0])].map((e) => e.innerText)", css);
    return ((List<?>) Objects.requireNonNull(found, "texts"))
        .stream().map(String::valueOf).toList();
  }

  /** How many a selector finds. */
  int count(String css) {
    return texts(css).size();
  }

  /** Waits until a selector finds so many. */
  void awaitCount(String css, int count) {
    browser.await(() -> count + " of " + css + ", not " + count(css), () -> count(css) == count);
  }

  /** Clicks what a selector finds and whose text begins so. */
  void click(String css, String text) {
    browser.await(
        () -> css + " that says " + text + ", among " + texts(css),
        () ->
            Boolean.TRUE.equals(
                browser
                    .driver()
                    .executeScript(
                        "const found = [...document.querySelectorAll(arguments[0])].find((e) =>"
                            + " e.innerText.trim().startsWith(arguments[1]) && !e.disabled);"
                            + " found?.click(); return Boolean(found);",
                        css,
                        text)));
  }

  /** Types into the field that has a label. */
  void type(String label, String text) {
    browser
        .driver()
        .executeScript(
            "const label = [...document.querySelectorAll('#view label')].find((e) =>"
                + " e.innerText === arguments[0] && e.checkVisibility());"
                + " const input = document.getElementById(label.htmlFor); input.value ="
                + " arguments[1]; input.dispatchEvent(new Event('input', { bubbles: true }));"
                + " input.dispatchEvent(new Event('change', { bubbles: true }));",
            label,
            text);
  }

  /** Presses keys, wherever the focus is. */
  void press(CharSequence... keys) {
    try {
      browser.driver().switchTo().activeElement().sendKeys(keys);
    } catch (StaleElementReferenceException e) {
      // The view was drawn anew in between: the page has the focus.
      browser.driver().switchTo().activeElement().sendKeys(keys);
    }
  }

  /** Leaves the field that has the focus. */
  void leaveField() {
    press(Keys.ESCAPE);
  }

  /** Waits until the state of the cluster, in the page's head, is so. */
  void awaitState(String state) {
    awaitText("#now-state", state);
  }

  /** Everything fits: nobody has to scroll sideways. */
  void assertFits(String what) {
    Object over =
        browser
            .driver()
            .executeScript("return document.documentElement.scrollWidth - window.innerWidth");
    assertThat(((Number) Objects.requireNonNull(over)).intValue())
        .as("pixels that %s is too wide", what)
        .isLessThanOrEqualTo(0);
  }

  /** Nothing that came from the log became part of the page, and nothing of it ran. */
  void assertNothingInjected() {
    assertThat(count("#view script, #view img, #view iframe, #view style")).isZero();
    assertThat(browser.driver().executeScript("return window.owned ?? 'safe'")).isEqualTo("safe");
  }
}
