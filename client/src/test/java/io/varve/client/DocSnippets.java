package io.varve.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Holds a page's snippets against the test that compiles and runs them. A region of the test starts
 * with {@code // snippet: NAME} and ends with {@code // end}; on the page, {@code <!-- snippet:
 * NAME -->} stands before the block.
 */
public final class DocSnippets {

  private static final Pattern REGION =
      Pattern.compile("(?ms)^ *// snippet: (\\S+)\\n(.*?)^ *// end\\n");
  private static final Pattern SHOWN =
      Pattern.compile("(?s)<!-- snippet: (\\S+) -->\\n```java\\n(.*?)```");

  private DocSnippets() {}

  /**
   * Fails unless the page shows exactly the regions of the test, at least as many as given.
   *
   * @param page the page's file name under {@code docs}
   * @param test whose source has the regions; of this module
   */
  public static void assertShown(String page, Class<?> test, int atLeast) throws IOException {
    Path source = Path.of("src", "test", "java", test.getName().replace('.', '/') + ".java");
    Map<String, String> regions = found(REGION, Files.readString(source));
    assertThat(regions).hasSizeGreaterThanOrEqualTo(atLeast);
    assertThat(found(SHOWN, Files.readString(Path.of("..", "docs", page)))).isEqualTo(regions);
  }

  private static Map<String, String> found(Pattern pattern, String text) {
    Map<String, String> found = new LinkedHashMap<>();
    Matcher matcher = pattern.matcher(text);
    while (matcher.find()) {
      found.put(matcher.group(1), matcher.group(2).stripTrailing().stripIndent());
    }
    return found;
  }
}
