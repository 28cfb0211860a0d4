package io.varve.client.projections;

import io.varve.client.projections.LocalProjection.Generation;
import io.varve.client.projections.LocalProjection.Partition;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.zip.CRC32;

/**
 * Keeps checkpoints in a directory, one file for each projection, which is replaced atomically and
 * fsynced with every commit. Events are applied at least once. One process at a time may use a
 * directory. Thread-safe.
 *
 * <p>Every commit writes the whole file and waits for the disk twice (file and directory): a few
 * milliseconds, paid once a batch.
 */
public final class FileCheckpointStore extends LocalStore implements AutoCloseable {

  private static final long MAGIC = 0x5641525645505231L; // "VARVEPR1"
  private static final int MAX_BYTES = 64 << 20;
  private static final String SUFFIX = ".checkpoint";

  private final Path directory;
  private final FileChannel lockFile;

  private FileCheckpointStore(Path directory, FileChannel lockFile) {
    this.directory = directory;
    this.lockFile = lockFile;
  }

  /**
   * Opens a directory, which is created if missing.
   *
   * @throws CheckpointStoreException if it cannot be used, or another store uses it
   */
  public static FileCheckpointStore open(Path directory) {
    try {
      Files.createDirectories(directory);
      FileChannel channel =
          FileChannel.open(
              directory.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      try {
        FileLock lock = channel.tryLock();
        if (lock != null) {
          return new FileCheckpointStore(directory, channel);
        }
      } catch (OverlappingFileLockException e) {
        // Another store of this very process has it.
      } catch (IOException | RuntimeException e) {
        channel.close();
        throw e;
      }
      channel.close();
      throw new CheckpointStoreException("another store uses " + directory, null);
    } catch (IOException e) {
      throw new CheckpointStoreException("cannot use " + directory + ": " + e, e);
    }
  }

  /** Gives the directory back. Idempotent. Later commits fail. */
  @Override
  public void close() {
    try {
      lockFile.close();
    } catch (IOException e) {
      throw new CheckpointStoreException("cannot give back " + directory, e);
    }
  }

  private Path file(String projection) {
    return directory.resolve(projection + SUFFIX);
  }

  @Override
  Optional<LocalProjection> load(String projection) {
    requireOpen();
    Path file = file(projection);
    try {
      if (Files.exists(file) && Files.size(file) > MAX_BYTES) {
        throw new CheckpointStoreException(
            file + " has more than " + MAX_BYTES + " bytes: it is no checkpoint", null);
      }
      return Optional.of(decode(file, Files.readAllBytes(file)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new CheckpointStoreException("cannot read " + file + ": " + e, e);
    }
  }

  @Override
  void store(String projection, LocalProjection changed) {
    requireOpen();
    Path file = file(projection);
    Path next = directory.resolve(projection + SUFFIX + ".next");
    try {
      ByteBuffer bytes = ByteBuffer.wrap(encode(changed));
      try (FileChannel channel =
          FileChannel.open(
              next,
              StandardOpenOption.CREATE,
              StandardOpenOption.WRITE,
              StandardOpenOption.TRUNCATE_EXISTING)) {
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
        channel.force(true);
      }
      Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      // The rename itself must survive a power failure as well.
      try (FileChannel parent = FileChannel.open(directory, StandardOpenOption.READ)) {
        parent.force(true);
      }
    } catch (IOException e) {
      throw new CheckpointStoreException("cannot write " + file + ": " + e, e);
    }
  }

  private void requireOpen() {
    if (!lockFile.isOpen()) {
      throw new CheckpointStoreException("the store of " + directory + " was closed", null);
    }
  }

  private static byte[] encode(LocalProjection projection) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeLong(MAGIC);
      out.writeInt(projection.live);
      out.writeInt(projection.generations.size());
      for (Map.Entry<Integer, Generation> entry : projection.generations.entrySet()) {
        Generation generation = entry.getValue();
        out.writeInt(entry.getKey());
        out.writeBoolean(generation.shared);
        out.writeLong(generation.logIdentity.getMostSignificantBits());
        out.writeLong(generation.logIdentity.getLeastSignificantBits());
        out.writeInt(generation.partitions.size());
        for (Partition partition : generation.partitions) {
          out.writeLong(partition.token);
          out.writeLong(partition.position);
          out.writeInt(partition.parked.size());
          for (ParkedSource parked : partition.parked.values()) {
            out.writeUTF(parked.source());
            out.writeInt(parked.partition());
            out.writeLong(parked.firstPosition());
            out.writeLong(parked.lastPosition());
            out.writeLong(parked.events());
            out.writeUTF(parked.error());
            out.writeUTF(parked.action().name());
          }
        }
      }
      CRC32 checksum = new CRC32();
      checksum.update(bytes.toByteArray());
      out.writeLong(checksum.getValue());
    }
    return bytes.toByteArray();
  }

  private static LocalProjection decode(Path file, byte[] bytes) {
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
      CRC32 checksum = new CRC32();
      checksum.update(bytes, 0, Math.max(0, bytes.length - Long.BYTES));
      if (bytes.length < 2 * Long.BYTES
          || in.readLong() != MAGIC
          || ByteBuffer.wrap(bytes).getLong(bytes.length - Long.BYTES) != checksum.getValue()) {
        throw new CheckpointStoreException(
            file + " is damaged or no checkpoint; delete it to start from position 0", null);
      }
      LocalProjection projection = new LocalProjection();
      projection.live = in.readInt();
      int generations = in.readInt();
      for (int g = 0; g < generations; g++) {
        int number = in.readInt();
        boolean shared = in.readBoolean();
        UUID identity = new UUID(in.readLong(), in.readLong());
        int count = in.readInt();
        List<Partition> partitions = new ArrayList<>();
        for (int p = 0; p < count; p++) {
          partitions.add(partition(in));
        }
        projection.generations.put(number, new Generation(shared, identity, partitions));
      }
      return projection;
    } catch (IOException | IllegalArgumentException e) {
      throw new CheckpointStoreException(file + " cannot be understood", e);
    }
  }

  private static Partition partition(DataInputStream in) throws IOException {
    Partition partition = new Partition();
    partition.token = in.readLong();
    partition.position = in.readLong();
    int parked = in.readInt();
    for (int i = 0; i < parked; i++) {
      ParkedSource source =
          new ParkedSource(
              in.readUTF(),
              in.readInt(),
              in.readLong(),
              in.readLong(),
              in.readLong(),
              in.readUTF(),
              ParkedAction.valueOf(in.readUTF()));
      partition.parked.put(source.source(), source);
    }
    return partition;
  }
}
