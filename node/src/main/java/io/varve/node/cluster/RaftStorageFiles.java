package io.varve.node.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.util.SizeInBytes;
import org.jspecify.annotations.Nullable;

/**
 * Looks at Ratis's storage directory before Ratis does, and formats it when that is right: Ratis
 * itself would format whatever is empty, and vote.
 */
final class RaftStorageFiles {

  private static final Pattern SEGMENT = Pattern.compile("log_(?:inprogress_)?(\\d+)(?:-(\\d+))?");
  private static final Pattern SNAPSHOT = Pattern.compile("snapshot-\\d+-(\\d+)");

  private final Path group;

  RaftStorageFiles(Path raftDirectory, UUID clusterId) {
    this.group = raftDirectory.resolve(clusterId.toString());
  }

  /**
   * Why what lies there cannot be what this node once acknowledged; empty when it may be.
   *
   * @param storeIndex the newest Raft index in the store, −1 = none
   */
  Optional<String> damage(long storeIndex) {
    Path current = group.resolve("current");
    if (!Files.exists(current.resolve("raft-meta"))) {
      return Optional.of("there is no " + current.resolve("raft-meta"));
    }
    long first = Long.MAX_VALUE;
    long last = -1;
    for (String name : names(current)) {
      Matcher matcher = SEGMENT.matcher(name);
      if (matcher.matches()) {
        first = Math.min(first, Long.parseLong(matcher.group(1)));
        last =
            Math.max(
                last, matcher.group(2) == null ? Long.MAX_VALUE : Long.parseLong(matcher.group(2)));
      }
    }
    long snapshot = newestSnapshot();
    if (first != Long.MAX_VALUE && first > snapshot + 1) {
      return Optional.of(
          "the Raft log starts at index " + first + " but the newest snapshot is at " + snapshot);
    }
    if (Math.max(last, snapshot) < storeIndex) {
      return Optional.of(
          "the store is at index "
              + storeIndex
              + " but the Raft log and its snapshots end at "
              + Math.max(last, snapshot));
    }
    return Optional.empty();
  }

  private long newestSnapshot() {
    long newest = -1;
    for (Path directory : directories()) {
      for (String name : names(directory)) {
        Matcher matcher = SNAPSHOT.matcher(name);
        if (matcher.matches() && Files.exists(directory.resolve(name).resolve("CHECKSUMS"))) {
          newest = Math.max(newest, Long.parseLong(matcher.group(1)));
        }
      }
    }
    return newest;
  }

  /** The directory of snapshots; while an installation is half done, also the one renamed away. */
  private List<Path> directories() {
    if (Files.exists(group.resolve("sm"))) {
      return List.of(group.resolve("sm"));
    }
    return names(group).stream()
        .filter(name -> name.startsWith("sm.tmp"))
        .map(group::resolve)
        .toList();
  }

  /** Makes an empty, formatted storage, deleting what was there. */
  void format() {
    try {
      deleteAll(group);
      Files.createDirectories(group);
      try (RaftStorage storage =
          RaftStorage.newBuilder()
              .setDirectory(group.toFile())
              .setOption(RaftStorage.StartupOption.RECOVER)
              .setStorageFreeSpaceMin(SizeInBytes.valueOf(0))
              .build()) {
        storage.initialize();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> names(Path directory) {
    List<String> names = new ArrayList<>();
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
      stream.forEach(path -> names.add(path.getFileName().toString()));
    } catch (NoSuchFileException e) {
      return names;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    names.sort(null);
    return names;
  }

  private static void deleteAll(Path root) throws IOException {
    if (!Files.exists(root)) {
      return;
    }
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException e)
              throws IOException {
            if (e != null) {
              throw e;
            }
            Files.delete(directory);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
