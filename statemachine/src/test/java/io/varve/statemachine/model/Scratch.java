package io.varve.statemachine.model;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * A directory of a test's own, gone when it is closed. Hands out fresh places inside it.
 *
 * <p>In memory where Linux offers that: thousands of stores are opened, each with a handful of
 * fsyncs, and none of these tests is about what a disk keeps.
 */
final class Scratch implements AutoCloseable {

  private static final Path IN_MEMORY = Path.of("/dev/shm");

  private final Path root;
  private int places;

  Scratch() {
    try {
      root =
          Files.isWritable(IN_MEMORY)
              ? Files.createTempDirectory(IN_MEMORY, "varve-spec-")
              : Files.createTempDirectory("varve-spec-");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A path in here that does not exist yet. */
  Path fresh(String name) {
    return root.resolve(name + "-" + places++);
  }

  /** Copies a flat directory to a fresh place. */
  Path copy(Path directory) {
    Path target = fresh("copy");
    try (Stream<Path> files = Files.list(directory)) {
      Files.createDirectory(target);
      for (Path file : files.toList()) {
        Files.copy(file, target.resolve(file.getFileName()));
      }
      return target;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static void delete(Path directory) {
    if (!Files.exists(directory)) {
      return;
    }
    try (Stream<Path> tree = Files.walk(directory)) {
      List<Path> deepestFirst = tree.sorted(Comparator.reverseOrder()).toList();
      for (Path path : deepestFirst) {
        Files.delete(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    delete(root);
  }
}
