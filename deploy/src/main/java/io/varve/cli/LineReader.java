package io.varve.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * The lines of a file, counted from 1, each in memory only while it is looked at. What is wrong
 * with one line is told of that line. Not thread-safe.
 */
final class LineReader {

  /** Longer lines are not kept: no log accepts such an event. */
  static final int MAX_LINE_BYTES = 16 << 20;

  private final InputStream in;
  private final byte[] block = new byte[64 << 10];
  private int next;
  private int limit;
  private long number;
  private long offset;

  LineReader(InputStream in) {
    this.in = in;
  }

  /**
   * One line.
   *
   * @param number which, from 1
   * @param text the line without its end; empty when {@code mistake} is not
   * @param mistake why it cannot be read as text; empty = it can
   * @param endOffset where the next line begins, in bytes
   */
  record Line(long number, String text, String mistake, long endOffset) {}

  /** The next line; empty at the end. A newline ends a line: behind the last one there is none. */
  Optional<Line> next() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    boolean tooLong = false;
    boolean any = false;
    while (fill()) {
      any = true;
      int end = next;
      while (end < limit && block[end] != '\n') {
        end++;
      }
      tooLong |= bytes.size() + (end - next) > MAX_LINE_BYTES;
      if (!tooLong) {
        bytes.write(block, next, end - next);
      }
      boolean ended = end < limit;
      int taken = end - next + (ended ? 1 : 0);
      offset += taken;
      next += taken;
      if (ended) {
        break;
      }
    }
    if (!any) {
      return Optional.empty();
    }
    number++;
    if (tooLong) {
      return Optional.of(
          new Line(number, "", "it is longer than " + MAX_LINE_BYTES + " bytes", offset));
    }
    try {
      String text =
          StandardCharsets.UTF_8
              .newDecoder()
              .decode(ByteBuffer.wrap(bytes.toByteArray()))
              .toString();
      return Optional.of(new Line(number, text, "", offset));
    } catch (CharacterCodingException e) {
      return Optional.of(new Line(number, "", "it is not UTF-8", offset));
    }
  }

  /** Whether there is more to look at. */
  private boolean fill() throws IOException {
    if (next < limit) {
      return true;
    }
    next = 0;
    limit = in.read(block);
    return limit > 0;
  }
}
