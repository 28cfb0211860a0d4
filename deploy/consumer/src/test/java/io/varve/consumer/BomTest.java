package io.varve.consumer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

/** {@code varve-bom} lists what is published, in its own version, and nothing else. */
class BomTest {

  private static final Path ROOT = Path.of("..", "..");

  /** Published, and nothing an application depends on. */
  private static final List<String> NOT_LISTED =
      List.of("varve-bom", "varve-deploy", "varve-gateway-http");

  @Test
  void listsEveryLibraryOfTheProject() throws Exception {
    Element root = pom(ROOT);
    List<String> libraries = new ArrayList<>();
    for (Element module : below(root, "modules", "module")) {
      Element pom = pom(ROOT.resolve(module.getTextContent()));
      boolean published =
          below(pom, "properties", "maven.deploy.skip").stream()
              .noneMatch(skip -> skip.getTextContent().equals("true"));
      String artifact = text(pom, "artifactId").orElseThrow();
      if (published && !NOT_LISTED.contains(artifact)) {
        libraries.add(artifact);
      }
    }

    assertThat(managed().stream().map(dependency -> text(dependency, "artifactId").orElseThrow()))
        .hasSizeGreaterThan(3)
        .containsExactlyInAnyOrderElementsOf(libraries);
  }

  @Test
  void hasTheVersionOfTheProjectAndGivesItToAll() throws Exception {
    Element bom = pom(ROOT.resolve("deploy/bom"));
    assertThat(text(bom, "version")).isEqualTo(text(pom(ROOT), "version"));
    assertThat(below(bom, "parent")).as("would manage what is not ours").isEmpty();
    assertThat(managed())
        .allSatisfy(
            dependency -> {
              assertThat(text(dependency, "groupId")).hasValue("io.varve");
              assertThat(text(dependency, "version")).hasValue("${project.version}");
            });
  }

  @Test
  void namesTheFormatterInTheVersionOfTheProject() throws Exception {
    Element theirs =
        below(pom(ROOT), "build", "plugins", "plugin").stream()
            .filter(
                plugin -> text(plugin, "artifactId").equals(Optional.of("spotless-maven-plugin")))
            .findFirst()
            .orElseThrow();
    Element ours =
        below(pom(ROOT.resolve("deploy/bom")), "build", "pluginManagement", "plugins", "plugin")
            .get(0);
    assertThat(text(ours, "version")).isEqualTo(text(theirs, "version"));
  }

  private static List<Element> managed() throws Exception {
    return below(
        pom(ROOT.resolve("deploy/bom")), "dependencyManagement", "dependencies", "dependency");
  }

  private static Element pom(Path directory) throws Exception {
    try (var in = Files.newInputStream(directory.resolve("pom.xml"))) {
      return DocumentBuilderFactory.newInstance()
          .newDocumentBuilder()
          .parse(in)
          .getDocumentElement();
    }
  }

  private static List<Element> below(Element element, String... path) {
    Stream<Element> found = Stream.of(element);
    for (String name : path) {
      found = found.flatMap(parent -> children(parent, name).stream());
    }
    return found.toList();
  }

  private static List<Element> children(Element parent, String name) {
    List<Element> found = new ArrayList<>();
    for (Node child = parent.getFirstChild(); child != null; child = child.getNextSibling()) {
      if (child instanceof Element element && element.getTagName().equals(name)) {
        found.add(element);
      }
    }
    return found;
  }

  private static Optional<String> text(Element parent, String name) {
    return children(parent, name).stream().map(Element::getTextContent).findFirst();
  }
}
