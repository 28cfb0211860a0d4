package io.varve.statemachine.snapshot;

import io.varve.statemachine.snapshot.Snapshot.SnapshotFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * The list of a snapshot's files and their checksums. Text: a first line {@code varve-snapshot 1
 * TERM INDEX}, then {@code CRC32C BYTES NAME} for each file, then {@code end N}.
 */
final class ChecksumFile {

  /** Its name in the snapshot's directory. */
  static final String NAME = "CHECKSUMS";

  private static final String MAGIC = "varve-snapshot 1";
  private static final int BUFFER_BYTES = 256 << 10;

  private ChecksumFile() {}

  static void write(Path directory, long term, long index, List<SnapshotFile> files) {
    StringBuilder text = new StringBuilder(64 + files.size() * 48);
    text.append(MAGIC).append(' ').append(term).append(' ').append(index).append('\n');
    for (SnapshotFile file : files) {
      text.append(Long.toHexString(file.crc32c()))
          .append(' ')
          .append(file.bytes())
          .append(' ')
          .append(file.name())
          .append('\n');
    }
    text.append("end ").append(files.size()).append('\n');
    try {
      Files.writeString(
          directory.resolve(NAME),
          text,
          StandardCharsets.UTF_8,
          StandardOpenOption.CREATE_NEW,
          StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Reads the list in a snapshot's directory.
   *
   * @throws CorruptSnapshotException if there is none, or it is cut or malformed
   */
  static Snapshot read(Path directory) {
    Path path = directory.resolve(NAME);
    List<String> lines;
    try {
      lines = Files.readAllLines(path, StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new CorruptSnapshotException("cannot read " + path + ": " + e);
    }
    try {
      String[] head = lines.get(0).split(" ", -1);
      if (head.length != 4 || !lines.get(0).startsWith(MAGIC + " ")) {
        throw new CorruptSnapshotException(path + " does not start with '" + MAGIC + "'");
      }
      List<SnapshotFile> files = new ArrayList<>();
      for (String line : lines.subList(1, lines.size() - 1)) {
        String[] fields = line.split(" ", 3);
        files.add(
            new SnapshotFile(
                fields[2], Long.parseLong(fields[1]), Long.parseUnsignedLong(fields[0], 16)));
      }
      if (!lines.get(lines.size() - 1).equals("end " + files.size())) {
        throw new CorruptSnapshotException(path + " is cut short");
      }
      return new Snapshot(Long.parseLong(head[2]), Long.parseLong(head[3]), directory, files);
    } catch (IndexOutOfBoundsException | NumberFormatException e) {
      throw new CorruptSnapshotException(path + " is malformed: " + e);
    }
  }

  /** Compares every file with the list. */
  static void verify(Snapshot snapshot) {
    for (SnapshotFile file : snapshot.files()) {
      Path path = snapshot.directory().resolve(file.name());
      SnapshotFile found;
      try {
        found = describe(path);
      } catch (UncheckedIOException e) {
        throw new CorruptSnapshotException("cannot read " + path + ": " + e.getCause());
      }
      if (!found.equals(file)) {
        throw new CorruptSnapshotException(
            path + " should be " + file + ", but its content is " + found);
      }
    }
  }

  /** Reads a file through. */
  static SnapshotFile describe(Path path) {
    CRC32C crc = new CRC32C();
    long bytes = 0;
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
      while (channel.read(buffer) >= 0) {
        buffer.flip();
        bytes += buffer.remaining();
        crc.update(buffer);
        buffer.clear();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new SnapshotFile(path.getFileName().toString(), bytes, crc.getValue());
  }
}
