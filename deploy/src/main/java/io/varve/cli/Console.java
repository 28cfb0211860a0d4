package io.varve.cli;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * What a command reads from and writes to.
 *
 * @param in standard input
 * @param out standard output: results only; not flushed line by line
 * @param err standard error: what went wrong, and progress
 * @param environment the environment variables
 * @param terminal whether a person watches: progress is shown only then
 * @param lifetime how a command that has no end of its own is stopped
 */
record Console(
    InputStream in,
    PrintStream out,
    PrintStream err,
    Map<String, String> environment,
    boolean terminal,
    Lifetime lifetime) {

  /** Results leave in pieces of this many bytes; whoever must be seen at once flushes. */
  private static final int OUTPUT_BUFFER_BYTES = 64 * 1024;

  /** The process's own. The launcher says whether standard error is a terminal. */
  static Console system(Lifetime lifetime) {
    return of(
        System.in,
        new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), OUTPUT_BUFFER_BYTES),
        new FileOutputStream(FileDescriptor.err),
        System.getenv(),
        Boolean.getBoolean("varve.terminal"),
        lifetime);
  }

  /** Of any streams, in UTF-8 whatever the locale. */
  static Console of(
      InputStream in,
      OutputStream out,
      OutputStream err,
      Map<String, String> environment,
      boolean terminal,
      Lifetime lifetime) {
    return new Console(
        in,
        new PrintStream(out, false, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8),
        Map.copyOf(environment),
        terminal,
        lifetime);
  }
}
