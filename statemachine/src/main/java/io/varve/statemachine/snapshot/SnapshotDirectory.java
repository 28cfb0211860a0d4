package io.varve.statemachine.snapshot;

import io.varve.statemachine.snapshot.Snapshot.SnapshotFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The snapshots a node has taken or received: one directory each, named {@code
 * snapshot-TERM-INDEX}.
 *
 * <p>A snapshot is prepared in a temporary directory on the same file system and appears by one
 * rename, after everything in it was made durable. A received one appears when whoever receives it
 * replaces the whole published directory: renames it away to the same name with a {@code .tmp}
 * suffix, renames the received one into its place, and deletes the old. {@link #open} puts right
 * what a kill between any of these steps leaves.
 *
 * <p>{@link #complete} may run beside everything else; the rest is for one thread at a time.
 */
public final class SnapshotDirectory {

  private static final Logger LOG = LoggerFactory.getLogger(SnapshotDirectory.class);
  private static final Pattern NAME = Pattern.compile("snapshot-(\\d+)-(\\d+)");

  /** How the names of our own preparations start. */
  private static final String PREPARING = "taking-";

  private final Path published;
  private final Path temporary;

  /** What others have put into the temporary directory and is durable: how long it was then. */
  private final Map<Path, Long> received = new HashMap<>();

  private SnapshotDirectory(Path published, Path temporary) {
    this.published = published;
    this.temporary = temporary;
  }

  /**
   * Opens the directory, creating it when missing, and removes or completes what a kill left half
   * done.
   *
   * @param published where complete snapshots lie
   * @param temporary where they are prepared; its content is deleted
   */
  public static SnapshotDirectory open(Path published, Path temporary) {
    restorePublished(published);
    FileTrees.createDirectories(published);
    FileTrees.createDirectories(temporary);
    SnapshotDirectory directory = new SnapshotDirectory(published, temporary);
    directory.clean();
    return directory;
  }

  /** A replacement that was cut after the old directory was renamed away did not happen. */
  private static void restorePublished(Path published) {
    String renamedAway = published.getFileName() + ".tmp";
    Path parent = published.toAbsolutePath().getParent();
    if (parent == null) {
      throw new IllegalArgumentException("no parent directory: " + published);
    }
    List<Path> old =
        FileTrees.children(parent).stream()
            .filter(path -> path.getFileName().toString().startsWith(renamedAway))
            .toList();
    if (!Files.exists(published) && !old.isEmpty()) {
      Path newest = old.get(old.size() - 1);
      LOG.warn("{} is missing: a replacement was cut; taking {} back", published, newest);
      FileTrees.rename(newest, published);
      old = old.subList(0, old.size() - 1);
    }
    old.forEach(FileTrees::delete);
  }

  /** Deletes everything temporary, and whatever is published without a list of checksums. */
  private void clean() {
    FileTrees.children(temporary).forEach(FileTrees::delete);
    for (Path path : FileTrees.children(published)) {
      if (Files.isDirectory(path)
          && NAME.matcher(path.getFileName().toString()).matches()
          && !Files.exists(path.resolve(ChecksumFile.NAME))) {
        LOG.warn("deleting {}: it has no list of checksums", path);
        FileTrees.delete(path);
      }
    }
  }

  /** Every complete snapshot, oldest first. Contents are not verified. */
  public List<Snapshot> list() {
    List<Snapshot> snapshots = new ArrayList<>();
    for (Path path : FileTrees.children(published)) {
      if (!NAME.matcher(path.getFileName().toString()).matches()) {
        continue;
      }
      try {
        Snapshot snapshot = ChecksumFile.read(path);
        if (path.getFileName().toString().equals(name(snapshot.term(), snapshot.index()))) {
          snapshots.add(snapshot);
        } else {
          LOG.error("ignoring {}: its list of checksums is of another snapshot", path);
        }
      } catch (CorruptSnapshotException e) {
        LOG.error("ignoring {}: {}", path, e.getMessage());
      }
    }
    snapshots.sort(Comparator.comparingLong(Snapshot::index));
    return snapshots;
  }

  /** The snapshot with the highest index. */
  public Optional<Snapshot> latest() {
    List<Snapshot> snapshots = list();
    return snapshots.isEmpty()
        ? Optional.empty()
        : Optional.of(snapshots.get(snapshots.size() - 1));
  }

  /** A path for the files of a snapshot that is about to be taken. Nothing exists there. */
  public Path prepare(long term, long index) {
    Path path = preparing(term, index);
    FileTrees.delete(path);
    return path;
  }

  /**
   * Completes what was written to {@link #prepare}'s path: adds the list of checksums and makes all
   * of it durable. A file that is the very file (a hard link) of an earlier snapshot keeps that
   * one's checksum instead of being read again.
   */
  public void complete(long term, long index) {
    Path prepared = preparing(term, index);
    Map<Object, SnapshotFile> known = knownFiles();
    List<SnapshotFile> files = new ArrayList<>();
    for (Path path : FileTrees.children(prepared)) {
      SnapshotFile earlier = known.get(fileKey(path));
      files.add(
          earlier != null && earlier.name().equals(path.getFileName().toString())
              ? earlier
              : ChecksumFile.describe(path));
    }
    ChecksumFile.write(prepared, term, index, files);
    FileTrees.sync(prepared);
  }

  /** Renames a completed snapshot into place. */
  public Snapshot publish(long term, long index) {
    Path target = published.resolve(name(term, index));
    FileTrees.delete(target);
    FileTrees.rename(preparing(term, index), target);
    return ChecksumFile.read(target);
  }

  private Path preparing(long term, long index) {
    return temporary.resolve(PREPARING + term + "-" + index);
  }

  private Map<Object, SnapshotFile> knownFiles() {
    Map<Object, SnapshotFile> known = new HashMap<>();
    for (Snapshot snapshot : list()) {
      for (SnapshotFile file : snapshot.files()) {
        Path path = snapshot.directory().resolve(file.name());
        if (Files.exists(path)) {
          known.put(fileKey(path), file);
        }
      }
    }
    return known;
  }

  /** Device and inode: equal exactly for links to one file. */
  private static Object fileKey(Path path) {
    try {
      Object key = Files.readAttributes(path, BasicFileAttributes.class).fileKey();
      return key == null ? path : key;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Deletes all but the newest snapshots.
   *
   * @param keep how many stay at least
   * @param inUse which others must stay too
   */
  public void deleteOld(int keep, Predicate<Snapshot> inUse) {
    List<Snapshot> snapshots = list();
    for (Snapshot snapshot : snapshots.subList(0, Math.max(0, snapshots.size() - keep))) {
      if (!inUse.test(snapshot)) {
        FileTrees.delete(snapshot.directory());
      }
    }
  }

  /**
   * Makes everything durable that others have put into the temporary directory. Files only ever
   * grow there, so one that has kept its length since the last call is passed over.
   */
  public void syncReceived() {
    for (Path path : received()) {
      FileTrees.sync(path, received);
    }
  }

  /** Deletes everything that others have put into the temporary directory. */
  public void deleteReceived() {
    received().forEach(FileTrees::delete);
    received.clear();
  }

  /** Deletes what others have begun there and not completed: all but the newest. */
  public void deleteAbandoned() {
    List<Path> begun = new ArrayList<>(received());
    begun.sort(Comparator.comparing(SnapshotDirectory::modified));
    begun.subList(0, Math.max(0, begun.size() - 1)).forEach(FileTrees::delete);
  }

  private static FileTime modified(Path path) {
    try {
      return Files.getLastModifiedTime(path);
    } catch (IOException e) {
      return FileTime.fromMillis(0);
    }
  }

  private List<Path> received() {
    return FileTrees.children(temporary).stream()
        .filter(path -> !path.getFileName().toString().startsWith(PREPARING))
        .toList();
  }

  /** Makes the published snapshots' names durable. */
  public void syncPublished() {
    FileTrees.syncDirectory(published);
    Path parent = published.toAbsolutePath().getParent();
    if (parent != null) {
      FileTrees.syncDirectory(parent);
    }
  }

  /**
   * Compares every file of a snapshot with its list of checksums.
   *
   * @throws CorruptSnapshotException if one is missing or differs
   */
  public static void verify(Snapshot snapshot) {
    ChecksumFile.verify(snapshot);
  }

  /** Every file of a snapshot, the list of checksums last. */
  public static List<Path> paths(Snapshot snapshot) {
    List<Path> paths = new ArrayList<>();
    for (SnapshotFile file : snapshot.files()) {
      paths.add(snapshot.directory().resolve(file.name()));
    }
    paths.add(snapshot.directory().resolve(ChecksumFile.NAME));
    return paths;
  }

  private static String name(long term, long index) {
    return "snapshot-" + term + "-" + index;
  }
}
