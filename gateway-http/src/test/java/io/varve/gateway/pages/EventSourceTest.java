package io.varve.gateway.pages;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Chromium's own {@code EventSource}, which shows who it is by the cookie and resumes by itself.
 */
class EventSourceTest {
  private static final String SOURCE = "canvas/t-events";

  /** Signs a challenge, asks for the cookie, and follows the source. */
  private static final String FOLLOW =
      """
      const b64 = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)))
        .replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
      const post = async (path, body) => {
        const answer = await fetch(path, {
          method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
        if (!answer.ok) throw new Error(path + ': ' + answer.status + ' ' + await answer.text());
        return answer.json();
      };
      const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']);
      const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey);
      const publicKey = { kty, crv, x, y };
      const { challenge, audience } = await post('/v1/identity/challenge', { publicKey });
      const signature = b64(await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, pair.privateKey,
        new TextEncoder().encode(`varve-identity-v1\n${audience}\\n${challenge}`)));
      await post('/v1/identity/token', { publicKey, challenge, signature, cookie: true });
      window.got = [];
      window.said = [];
      window.opened = 0;
      const events = new EventSource('/v1/stream?source=' + encodeURIComponent(args[0]));
      events.onopen = () => { window.opened++; };
      events.onmessage = (event) => { window.got.push(Number(event.lastEventId)); };
      for (const name of ['hello', 'caught-up', 'reconnect', 'reset', 'problem']) {
        events.addEventListener(name, () => window.said.push(name));
      }
      return document.cookie;
      """;

  @TempDir Path directory;

  private GatewaySite site;
  private Browser browser;

  @BeforeEach
  void start() {
    Browser.require();
    site = new GatewaySite(directory);
    browser = Browser.open(directory.resolve("profile"), Browser.Look.desktop());
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
  void itGoesOnWhereItStoppedWhenTheGatewayIsAnotherOne() {
    List<Long> appended = new ArrayList<>();
    appended.add(site.append(SOURCE, "k", "0"));
    browser.driver().get(site.uri() + "/openapi.json");
    Object cookie = browser.run(FOLLOW, SOURCE);
    assertThat(String.valueOf(cookie))
        .as("no script sees the cookie")
        .doesNotContain("varve_token");
    awaitGot(appended);

    for (int round = 1; round <= 3; round++) {
      appended.add(site.append(SOURCE, "k", String.valueOf(round)));
      awaitGot(appended);
      site.stop();
      appended.add(site.append(SOURCE, "k", String.valueOf(round)));
      site.start();
      awaitGot(appended);
    }

    assertThat(said())
        .contains("hello", "caught-up", "reconnect")
        .doesNotContain("reset", "problem");
    assertThat((Long) browser.driver().executeScript("return window.opened")).isGreaterThan(3);
  }

  /** Each once, in order. */
  private void awaitGot(List<Long> positions) {
    browser.await(
        () -> "the positions " + positions + " but there are " + got() + ", and it said " + said(),
        () -> got().size() >= positions.size());
    assertThat(got()).isEqualTo(positions);
  }

  private List<?> got() {
    return (List<?>) browser.run("return window.got");
  }

  private List<String> said() {
    return ((List<?>) browser.run("return window.said")).stream().map(String::valueOf).toList();
  }
}
