package io.varve.gateway.pages;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

/**
 * What the canvas is made of: that nothing is missing offline and nothing is fetched from
 * elsewhere.
 */
class CanvasShellTest {
  private static final Pattern LISTED = Pattern.compile("'(/[^']*)'");

  @Test
  void theServiceWorkerKeepsEveryFileOfThePageAndOnlyFilesThatExist() throws Exception {
    String worker = text("/canvas/sw.js");
    String list = worker.substring(worker.indexOf("const SHELL"), worker.indexOf("];"));
    Set<String> kept =
        LISTED
            .matcher(list)
            .results()
            .map(found -> found.group(1))
            .collect(Collectors.toCollection(TreeSet::new));

    Set<String> needed = new TreeSet<>(Set.of("/canvas/", "/varve-local.js"));
    try (Stream<Path> files = Files.list(Path.of(resource("/canvas/sw.js").toURI()).getParent())) {
      files
          .map(file -> "/canvas/" + file.getFileName())
          .filter(file -> !file.equals("/canvas/index.html") && !file.equals("/canvas/sw.js"))
          .forEach(needed::add);
    }
    assertThat(kept).isEqualTo(needed);
    for (String path : kept) {
      assertThat(bytes(path.endsWith("/") ? path + "index.html" : path)).as(path).isNotEmpty();
    }
  }

  @Test
  void nothingIsInlineAndNothingComesFromElsewhere() throws Exception {
    for (String page : new String[] {"/canvas/index.html", "/index.html"}) {
      String html = text(page);
      assertThat(html).as(page).doesNotContainPattern("<style|\\sstyle=|\\son[a-z]+=|javascript:");
      assertThat(Pattern.compile("<script(?![^>]*\\bsrc=)").matcher(html).find())
          .as(page)
          .isFalse();
      Set<String> references =
          Pattern.compile("(?:href|src)=\"([^\"#]+)")
              .matcher(html)
              .results()
              .map(found -> found.group(1))
              .collect(Collectors.toSet());
      assertThat(references).as(page).isNotEmpty().allMatch(reference -> reference.startsWith("/"));
    }
    for (String file : new String[] {"canvas.css", "../home.css"}) {
      assertThat(text("/canvas/" + file)).as(file).doesNotContain("url(", "@import");
    }
  }

  @Test
  void theManifestNamesIconsOfTheSizesItSays() throws Exception {
    JsonNode manifest = new ObjectMapper().readTree(bytes("/canvas/manifest.webmanifest"));

    assertThat(manifest.get("scope").asText()).isEqualTo("/canvas/");
    assertThat(manifest.get("start_url").asText()).isEqualTo("/canvas/");
    Set<String> sizes = new TreeSet<>();
    for (JsonNode icon : manifest.get("icons")) {
      byte[] bytes = bytes(icon.get("src").asText());
      if (icon.get("type").asText().equals("image/png")) {
        BufferedImage image;
        try (InputStream in = resource(icon.get("src").asText()).openStream()) {
          image = Objects.requireNonNull(ImageIO.read(in), "no picture");
        }
        assertThat(image.getWidth() + "x" + image.getHeight())
            .isEqualTo(icon.get("sizes").asText());
        sizes.add(icon.get("sizes").asText() + " " + icon.get("purpose").asText());
      } else {
        assertThat(new String(bytes, UTF_8)).startsWith("<svg");
      }
    }
    // What browsers ask for before they offer to install.
    assertThat(sizes).contains("192x192 any", "512x512 any", "512x512 maskable");
  }

  @Test
  void everyElementTheScriptAsksForIsInThePage() throws Exception {
    String html = text("/canvas/index.html");
    Set<String> ids =
        Pattern.compile("\\bid=\"([^\"]+)\"")
            .matcher(html)
            .results()
            .map(CanvasShellTest::first)
            .collect(Collectors.toSet());
    Set<String> asked =
        Pattern.compile("(?:\\$|text)\\('([a-z-]+)'")
            .matcher(text("/canvas/canvas.js"))
            .results()
            .map(CanvasShellTest::first)
            .collect(Collectors.toSet());

    assertThat(asked).hasSizeGreaterThan(20);
    assertThat(ids).containsAll(asked);
  }

  private static String first(MatchResult found) {
    return found.group(1);
  }

  private static String text(String path) throws IOException {
    return new String(bytes(path), UTF_8);
  }

  private static byte[] bytes(String path) throws IOException {
    try (InputStream in = resource(path).openStream()) {
      return in.readAllBytes();
    }
  }

  private static URL resource(String path) {
    try {
      Path root =
          Path.of(
              Objects.requireNonNull(
                      CanvasShellTest.class.getResource(
                          "/io/varve/gateway/static/canvas/index.html"))
                  .toURI());
      return Objects.requireNonNull(root.getParent().getParent())
          .resolve(path.substring(1))
          .normalize()
          .toUri()
          .toURL();
    } catch (URISyntaxException | IOException e) {
      throw new AssertionError(path, e);
    }
  }
}
