package io.varve.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A page of the documentation whose snippets are regions of files that are compiled and run. In a
 * page, the line before a snippet's fence is {@code <!-- snippet: NAME -->}. In a Java file a
 * region starts with the line {@code // snippet: NAME} and ends with {@code // end}; in an XML file
 * with the same words as comments.
 */
public final class SnippetPage {

  private static final Pattern SHOWN =
      Pattern.compile("(?s)<!-- snippet: (\\S+) -->\\n```(\\w+)\\n(.*?)```");
  private static final Pattern JAVA =
      Pattern.compile("(?ms)^ *// snippet: (\\S+)\\n(.*?)^ *// end\\n");
  private static final Pattern XML =
      Pattern.compile("(?ms)^ *<!-- snippet: (\\S+) -->\\n(.*?)^ *<!-- end -->\\n");
  private static final Pattern JAVA_FENCE = Pattern.compile("(?m)^```java$");

  private SnippetPage() {}

  /**
   * Checks that a page shows exactly the regions of some files, and no other Java.
   *
   * @param page the page
   * @param files Java and XML files; no two regions have the same name
   */
  public static void assertShows(Path page, Path... files) throws IOException {
    Map<String, String> regions = new LinkedHashMap<>();
    for (Path file : files) {
      String text = Files.readString(file);
      Matcher matcher = (file.toString().endsWith(".xml") ? XML : JAVA).matcher(text);
      while (matcher.find()) {
        String before = regions.put(matcher.group(1), trimmed(matcher.group(2)));
        assertThat(before).as("the only region named %s", matcher.group(1)).isNull();
      }
    }
    String text = Files.readString(page);
    Map<String, String> shown = new LinkedHashMap<>();
    Matcher matcher = SHOWN.matcher(text);
    while (matcher.find()) {
      shown.put(matcher.group(1), trimmed(matcher.group(3)));
    }
    assertThat(regions).as("regions of %s", List.of(files)).isNotEmpty();
    assertThat(shown).as("snippets of %s", page).isEqualTo(regions);
    assertThat(JAVA_FENCE.matcher(text).results().count())
        .as("Java in %s without the name of a snippet", page)
        .isLessThanOrEqualTo(shown.size());
  }

  private static String trimmed(String snippet) {
    return snippet.stripTrailing().stripIndent();
  }
}
