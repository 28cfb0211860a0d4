package io.varve.statemachine.snapshot;

import io.varve.statemachine.LogCore;
import io.varve.statemachine.LogReader;
import io.varve.statemachine.StoreOptions;
import io.varve.statemachine.snapshot.Snapshot.SnapshotFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A node's store, and the one reader that stays valid while a snapshot replaces it.
 *
 * <p>On disk it is a directory of generations, {@code 1}, {@code 2}, …; the highest number is the
 * live one. A snapshot becomes the next generation: prepared as {@code N.tmp}, made durable,
 * renamed to {@code N}. That one rename is the replacement, so a kill leaves either the old store
 * or the new one. The old generation stays open until the last cursor on it is closed, then its
 * files are deleted.
 *
 * <p>{@link #replace} and {@link #close} belong to the apply thread (or to nobody else running),
 * and so does what the {@link #core} reserves for one thread; {@link #reader} belongs to every
 * thread.
 */
public final class LiveStore implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(LiveStore.class);
  private static final Pattern GENERATION = Pattern.compile("\\d{1,18}");
  private static final String PREPARING = ".tmp";

  private final Path directory;
  private final StoreOptions options;
  private final SwitchingReader reader;
  private long generation;
  private volatile LogCore core;

  private LiveStore(Path directory, StoreOptions options, long generation, LogCore core) {
    this.directory = directory;
    this.options = options;
    this.generation = generation;
    this.core = core;
    this.reader = new SwitchingReader(core, () -> {});
  }

  /** Opens the store in a directory, creating it when missing. */
  public static LiveStore open(Path directory, StoreOptions options) {
    FileTrees.createDirectories(directory);
    long generation = liveGeneration(directory).orElse(1L);
    for (Path path : FileTrees.children(directory)) {
      if (!path.getFileName().toString().equals(Long.toString(generation))) {
        LOG.info("deleting {}, which a replacement left", path);
        FileTrees.delete(path);
      }
    }
    LogCore core = LogCore.open(directory.resolve(Long.toString(generation)), options);
    FileTrees.syncDirectory(directory);
    return new LiveStore(directory, options, generation, core);
  }

  /**
   * Where the live generation's files are, for tools that look at a stopped node's store; empty
   * when there is none yet.
   */
  public static Optional<Path> locate(Path directory) {
    return liveGeneration(directory).map(number -> directory.resolve(Long.toString(number)));
  }

  private static Optional<Long> liveGeneration(Path directory) {
    return FileTrees.children(directory).stream()
        .filter(Files::isDirectory)
        .map(path -> path.getFileName().toString())
        .filter(name -> GENERATION.matcher(name).matches())
        .map(Long::valueOf)
        .max(Long::compare);
  }

  /** The live core. */
  public LogCore core() {
    return core;
  }

  /** Reads what was applied. The same object for this store's whole life. */
  public LogReader reader() {
    return reader;
  }

  /**
   * Makes a snapshot the live store. Cursors that are open keep reading the old one.
   *
   * @throws CorruptSnapshotException if the snapshot's files are not what they should be; the store
   *     is unchanged
   */
  public void replace(Snapshot snapshot) {
    SnapshotDirectory.verify(snapshot);
    long next = generation + 1;
    Path preparing = directory.resolve(next + PREPARING);
    FileTrees.delete(preparing);
    FileTrees.createDirectories(preparing);
    for (SnapshotFile file : snapshot.files()) {
      Path from = snapshot.directory().resolve(file.name());
      Path to = preparing.resolve(file.name());
      if (file.name().endsWith(".sst")) {
        // Never written again by anyone, so the snapshot may share it.
        FileTrees.linkOrCopy(from, to);
      } else {
        FileTrees.copy(from, to);
      }
    }
    FileTrees.sync(preparing);
    Path target = directory.resolve(Long.toString(next));
    FileTrees.rename(preparing, target);

    Path old = directory.resolve(Long.toString(generation));
    LogCore opened = LogCore.open(target, options);
    generation = next;
    core = opened;
    reader.switchTo(opened, () -> FileTrees.delete(old));
  }

  /** The generations on disk, for tests. */
  List<String> generations() {
    return FileTrees.children(directory).stream().map(p -> p.getFileName().toString()).toList();
  }

  /** Refuses new reads and closes the store once the last cursor on it is closed. */
  @Override
  public void close() {
    reader.close();
  }
}
