package io.varve.faults;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What a node's disk shows of its Raft log and its snapshots, from outside. */
final class RaftFiles {
  private static final Pattern SEGMENT = Pattern.compile("log_(?:inprogress_)?(\\d+)(?:-\\d+)?");
  private static final Pattern SNAPSHOT = Pattern.compile("snapshot-(\\d+)-(\\d+)");

  private RaftFiles() {}

  /** The index the Raft log begins with; 0 = there is no log. Above 1 = it has been purged. */
  static long firstLogIndex(Path data) {
    return names(data, SEGMENT)
        .map(matcher -> Long.parseLong(matcher.group(1)))
        .min(Comparator.naturalOrder())
        .orElse(0L);
  }

  /** The snapshots that lie on the disk now, by name. */
  static Set<String> snapshots(Path data) {
    Set<String> names = new TreeSet<>();
    names(data, SNAPSHOT).forEach(matcher -> names.add(matcher.group()));
    return names;
  }

  /** Everything found, for messages. */
  static String describe(Path data) {
    return "log from index %d, snapshots %s".formatted(firstLogIndex(data), snapshots(data));
  }

  private static Stream<Matcher> names(Path data, Pattern pattern) {
    return walk(data).stream()
        .map(path -> pattern.matcher(path.getFileName().toString()))
        .filter(Matcher::matches);
  }

  /** The tree as it is while a node writes to it: files may come and go during the walk. */
  private static List<Path> walk(Path data) {
    while (Files.exists(data)) {
      try (Stream<Path> paths = Files.walk(data, 6)) {
        return paths.toList();
      } catch (UncheckedIOException e) {
        // Something was deleted under the walk: walk again.
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return List.of();
  }
}
