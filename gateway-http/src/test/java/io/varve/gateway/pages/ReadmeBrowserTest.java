package io.varve.gateway.pages;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs what the README says to a browser, in one. */
class ReadmeBrowserTest {
  private static final Path README = Path.of("..", "README.md");

  @TempDir Path directory;

  @Test
  void theSnippetSyncs() throws IOException {
    Browser.require();
    Matcher block = Pattern.compile("(?ms)^```js\n(.*?)^```$").matcher(Files.readString(README));
    assertThat(block.find()).isTrue();
    // A script of WebDriver's is no module: it imports in the other form.
    String snippet =
        block
            .group(1)
            .replaceAll("import (\\{[^}]*}) from ('[^']*');", "const $1 = await import($2);")
            // The test's canvases are what its gateway lets clients write.
            .replace("'board/main'", "'canvas/t-readme'");
    try (GatewaySite site = new GatewaySite(directory);
        Browser browser = Browser.open(directory.resolve("profile"), Browser.Look.desktop())) {
      browser.driver().get(site.uri().resolve("/openapi.json").toString());
      URI module = site.uri().resolve("/varve-local.js");
      browser.run(snippet.replace("import('/varve-local.js')", "import('" + module + "')"));

      browser.await(
          () -> "the title, which is " + browser.driver().getTitle(),
          () -> "1 cards, 0 not sent yet".equals(browser.driver().getTitle()));
      assertThat(site.events("canvas/t-readme"))
          .singleElement()
          .satisfies(event -> assertThat(event.key()).isEqualTo("card-7"));
    }
  }
}
