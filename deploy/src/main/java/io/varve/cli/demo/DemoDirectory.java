package io.varve.cli.demo;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * The directory a demonstration keeps its nodes' data in, held by one process at a time. Beside the
 * nodes' own directories it holds the lock, and the ports its cluster was founded with: the cluster
 * is found again only there.
 */
final class DemoDirectory implements AutoCloseable {
  private static final String LOCK = "demo.lock";
  private static final String PORT_BASE = "demo.port-base";
  private static final String SIGNING_KEYS = "gateway-keys.json";
  private static final String DEVICE = "device";
  private static final String NODE = "node-";

  private final Path path;
  private final FileChannel lock;

  private DemoDirectory(Path path, FileChannel lock) {
    this.path = path;
    this.lock = lock;
  }

  /**
   * Takes the directory, which is created when missing.
   *
   * @throws DemoException if another process has it, or it cannot be written
   */
  static DemoDirectory take(Path path) {
    try {
      Files.createDirectories(path);
      FileChannel channel =
          FileChannel.open(
              path.resolve(LOCK),
              StandardOpenOption.CREATE,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE);
      if (!locked(channel)) {
        String owner = owner(channel);
        channel.close();
        throw new DemoException(
            "another demo is running on "
                + path
                + (owner.isEmpty() ? "" : " (process " + owner + ")")
                + "; stop it first, or choose another directory with --data");
      }
      channel.truncate(0);
      String pid = Long.toString(ProcessHandle.current().pid());
      channel.write(ByteBuffer.wrap(pid.getBytes(StandardCharsets.US_ASCII)), 0);
      return new DemoDirectory(path, channel);
    } catch (IOException e) {
      throw new DemoException("cannot use the data directory " + path + ": " + e);
    }
  }

  Path path() {
    return path;
  }

  /** Where a node, 0 to 2, keeps its data. */
  Path node(int node) {
    return path.resolve(nodeId(node));
  }

  /** Where the gateway keeps the keys it signs tokens with. */
  Path signingKeys() {
    return path.resolve(SIGNING_KEYS);
  }

  /** Where the device of the demonstration buffers. */
  Path device() {
    return path.resolve(DEVICE);
  }

  /** A node's id. */
  static String nodeId(int node) {
    return NODE + (node + 1);
  }

  /** Deletes what a demonstration has put here, and nothing else. */
  void clear() {
    for (int node = 0; node < DemoPorts.NODES; node++) {
      deleteTree(node(node));
    }
    deleteTree(path.resolve(PORT_BASE));
    deleteTree(signingKeys());
    deleteTree(device());
  }

  /**
   * The ports to use: those of the cluster whose data is here, else the wanted ones, else others.
   *
   * @throws DemoException if others are wanted than those of the cluster whose data is here
   */
  DemoPorts ports(Optional<DemoPorts> wanted, Supplier<DemoPorts> otherwise) {
    Path file = path.resolve(PORT_BASE);
    try {
      if (Files.exists(file)) {
        DemoPorts founded = new DemoPorts(Integer.parseInt(Files.readString(file).strip()));
        if (wanted.isPresent() && !wanted.get().equals(founded)) {
          throw new DemoException(
              "the data in "
                  + path
                  + " belongs to a demo with --port-base "
                  + founded.base()
                  + "; use that, or another --data directory, or --fresh to begin anew");
        }
        return founded;
      }
      DemoPorts ports = wanted.orElseGet(otherwise);
      Files.writeString(file, ports.base() + "\n");
      return ports;
    } catch (IOException | IllegalArgumentException e) {
      throw new DemoException("cannot use " + file + ": " + e.getMessage() + "; try --fresh");
    }
  }

  /** Gives the directory back. */
  @Override
  public void close() {
    try {
      lock.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Deletes a file or a directory with all it holds, if it is there. */
  static void deleteTree(Path root) {
    if (!Files.exists(root)) {
      return;
    }
    try (Stream<Path> tree = Files.walk(root)) {
      List<Path> deepestFirst = tree.sorted(Comparator.reverseOrder()).toList();
      for (Path path : deepestFirst) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean locked(FileChannel channel) throws IOException {
    try {
      FileLock lock = channel.tryLock();
      return lock != null;
    } catch (OverlappingFileLockException e) {
      return false;
    }
  }

  private static String owner(FileChannel channel) throws IOException {
    ByteBuffer pid = ByteBuffer.allocate(20);
    channel.read(pid, 0);
    return StandardCharsets.US_ASCII.decode(pid.flip()).toString().strip();
  }
}
