package io.varve.client.commands;

import io.varve.client.SnippetPage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A page of the documentation, whose snippets run against a real log. */
abstract class DocTest extends CommandTest {

  final List<String> printed = new ArrayList<>();

  void print(Object what) {
    printed.add(String.valueOf(what));
  }

  /** The page's file name, without its ending. */
  abstract String page();

  @Test
  void thePageShowsExactlyTheseSnippets() throws IOException {
    String path = getClass().getName().replace('.', '/') + ".java";
    SnippetPage.assertShows(
        Path.of("..", "docs", page() + ".md"), Path.of("src", "test", "java").resolve(path));
  }
}
