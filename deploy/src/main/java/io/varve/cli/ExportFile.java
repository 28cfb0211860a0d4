package io.varve.cli;

import io.varve.client.json.EventJson;
import io.varve.client.json.JsonSyntaxException;
import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The file of an export, to be written on from behind its last whole line: what a cut left behind
 * that is taken away. Not thread-safe.
 */
final class ExportFile implements Closeable {
  private static final int BLOCK_BYTES = 64 << 10;

  /** No log accepts an event whose line is longer; a file with one is no export. */
  private static final int MAX_LINE_BYTES = 64 << 20;

  private final FileChannel file;
  private final OutputStream out;
  private final String lastLine;
  private final long lastPosition;

  private ExportFile(FileChannel file, String lastLine, long lastPosition) {
    this.file = file;
    this.out = new BufferedOutputStream(Channels.newOutputStream(file), BLOCK_BYTES);
    this.lastLine = lastLine;
    this.lastPosition = lastPosition;
  }

  /**
   * Opens a file, or makes it.
   *
   * @throws CommandException if its last whole line is not an exported event
   */
  static ExportFile open(Path path) throws IOException {
    FileChannel file =
        FileChannel.open(
            path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    try {
      long end = newlineBefore(file, file.size()) + 1;
      String line = "";
      long position = 0;
      if (end > 0) {
        long begin = newlineBefore(file, end - 1) + 1;
        if (end - begin > MAX_LINE_BYTES) {
          throw CommandException.refused("the last line of " + path + " is no event: too long");
        }
        line = read(file, begin, (int) (end - 1 - begin));
        try {
          position = EventJson.position(line);
        } catch (JsonSyntaxException e) {
          throw CommandException.refused(
              "the last line of " + path + " is no exported event: " + e.getMessage());
        }
      }
      file.truncate(end);
      file.position(end);
      return new ExportFile(file, line, position);
    } catch (IOException | RuntimeException e) {
      file.close();
      throw e;
    }
  }

  /** The last whole line the file had; empty = none. */
  String lastLine() {
    return lastLine;
  }

  /** The position of its event; 0 = none. */
  long lastPosition() {
    return lastPosition;
  }

  void write(String line) throws IOException {
    out.write(line.getBytes(StandardCharsets.UTF_8));
    out.write('\n');
  }

  /** What was written is on the disk when this returns. */
  void force() throws IOException {
    out.flush();
    file.force(true);
  }

  /** Writes what is still to be written; what was is of use even after a failure. */
  @Override
  public void close() throws IOException {
    try (file) {
      out.flush();
    }
  }

  /** Where the last newline before an offset stands; -1 = nowhere. */
  private static long newlineBefore(FileChannel file, long offset) throws IOException {
    for (long end = offset; end > 0; ) {
      long begin = Math.max(0, end - BLOCK_BYTES);
      ByteBuffer block = bytes(file, begin, (int) (end - begin));
      for (int i = block.limit() - 1; i >= 0; i--) {
        if (block.get(i) == '\n') {
          return begin + i;
        }
      }
      end = begin;
    }
    return -1;
  }

  private static String read(FileChannel file, long offset, int length) throws IOException {
    return new String(bytes(file, offset, length).array(), StandardCharsets.UTF_8);
  }

  private static ByteBuffer bytes(FileChannel file, long offset, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    while (bytes.hasRemaining()) {
      if (file.read(bytes, offset + bytes.position()) < 0) {
        throw new IOException("the file shrank while it was read");
      }
    }
    return bytes.flip();
  }
}
