package io.varve.cli.demo;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.varve.client.NewEvent;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * A Git repository's commits as events, oldest first: one {@code CommitMade} a commit on the source
 * {@code repository}, and one {@code FileChanged} a changed file on the source {@code file:PATH}.
 * Each element is one append: a commit with its files (a very large commit takes several).
 *
 * <p>Reads what {@code git log} prints as it is consumed. Not thread-safe; close it.
 */
final class GitHistory implements Iterator<List<NewEvent>>, AutoCloseable {

  /** At most this many commits are read, the newest ones. */
  static final int MAX_COMMITS = 20_000;

  /** At most this many events in one append; a larger commit is split. */
  private static final int MAX_EVENTS = 1_000;

  /** Paths longer than this are shortened: a source is at most 512 bytes. */
  private static final int MAX_PATH_BYTES = 400;

  /** Begins a commit in what Git is asked to print; no path or number begins with it. */
  private static final char COMMIT = '\u0001';

  private final Process git;
  private final InputStream output;
  private Optional<String> token;
  private List<NewEvent> rest = List.of();

  private GitHistory(Process git) {
    this.git = git;
    this.output = new BufferedInputStream(git.getInputStream(), 1 << 16);
    this.token = nextToken();
  }

  /**
   * The history of the repository that holds a directory.
   *
   * @throws UnavailableException if there is no Git, or no repository with commits
   */
  static GitHistory of(Path directory) {
    String inside = run(directory, "rev-parse", "--verify", "--quiet", "HEAD^{commit}");
    if (inside.isBlank()) {
      throw new UnavailableException(directory + " is not in a Git repository with commits");
    }
    try {
      return new GitHistory(
          git(
                  directory,
                  "log",
                  "--reverse",
                  "--no-renames",
                  "--numstat",
                  "-z",
                  "-n",
                  Integer.toString(MAX_COMMITS),
                  "--format=tformat:%x01%H%x00%an%x00%cI%x00%s")
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start());
    } catch (IOException e) {
      throw new UnavailableException("git does not run: " + e.getMessage());
    }
  }

  @Override
  public boolean hasNext() {
    return !rest.isEmpty() || token.isPresent();
  }

  @Override
  public List<NewEvent> next() {
    List<NewEvent> events = rest.isEmpty() ? commit() : rest;
    rest = events.subList(Math.min(MAX_EVENTS, events.size()), events.size());
    return List.copyOf(events.subList(0, events.size() - rest.size()));
  }

  @Override
  public void close() {
    git.destroy();
  }

  private List<NewEvent> commit() {
    String start = token.orElseThrow(NoSuchElementException::new);
    if (start.isEmpty() || start.charAt(0) != COMMIT) {
      throw new IllegalStateException("git log printed something unexpected: " + start);
    }
    String hash = start.substring(1);
    String author = nextToken().orElse("");
    Instant time = OffsetDateTime.parse(nextToken().orElse("")).toInstant();
    String subject = nextToken().orElse("");
    List<NewEvent> files = new ArrayList<>();
    token = nextToken();
    while (token.isPresent() && (token.get().isEmpty() || token.get().charAt(0) != COMMIT)) {
      if (!token.get().isEmpty()) {
        files.add(fileChanged(token.get(), hash, time));
      }
      token = nextToken();
    }
    List<NewEvent> events = new ArrayList<>(files.size() + 1);
    ObjectNode data = JsonNodeFactory.instance.objectNode();
    data.put("commit", hash).put("author", author).put("subject", subject);
    data.put("files", files.size());
    events.add(event("repository", "Repository", "CommitMade", hash, time, data));
    events.addAll(files);
    return events;
  }

  /** From {@code ADDED<tab>DELETED<tab>PATH}; a binary file has dashes for numbers. */
  private static NewEvent fileChanged(String line, String hash, Instant time) {
    String[] parts = line.split("\t", 3);
    ObjectNode data = JsonNodeFactory.instance.objectNode().put("commit", hash);
    if (parts[0].equals("-")) {
      data.put("binary", true);
    } else {
      data.put("added", Long.parseLong(parts[0])).put("deleted", Long.parseLong(parts[1]));
    }
    return event("file:" + shortened(parts[2]), "File", "FileChanged", hash, time, data);
  }

  private static NewEvent event(
      String source, String sourceType, String type, String hash, Instant time, ObjectNode data) {
    return NewEvent.builder(source, type)
        .sourceType(sourceType)
        .streamType("Git")
        .tag("commit:" + hash.substring(0, 12))
        .data(data.toString())
        .occurred(time)
        .build();
  }

  private static String shortened(String path) {
    String tail = path;
    while (tail.getBytes(StandardCharsets.UTF_8).length > MAX_PATH_BYTES) {
      tail = tail.substring(tail.offsetByCodePoints(0, 1));
    }
    return tail.length() == path.length() ? path : "…" + tail;
  }

  /** What stands up to the next NUL, without the line break Git puts before the first file. */
  private Optional<String> nextToken() {
    try {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream(64);
      int next = output.read();
      if (next < 0) {
        return Optional.empty();
      }
      for (; next > 0; next = output.read()) {
        bytes.write(next);
      }
      String text = bytes.toString(StandardCharsets.UTF_8);
      return Optional.of(text.startsWith("\n") ? text.substring(1) : text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static ProcessBuilder git(Path directory, String... arguments) {
    List<String> command = new ArrayList<>(List.of("git", "-C", directory.toString()));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command).redirectInput(ProcessBuilder.Redirect.from(devNull()));
  }

  private static java.io.File devNull() {
    return new java.io.File("/dev/null");
  }

  private static String run(Path directory, String... arguments) {
    try {
      Process process = git(directory, arguments).start();
      CompletableFuture<String> errors =
          CompletableFuture.supplyAsync(() -> text(process.getErrorStream()));
      String output = text(process.getInputStream());
      if (process.waitFor() != 0) {
        String why = errors.join().strip().lines().findFirst().orElse("");
        throw new UnavailableException(
            why.isEmpty()
                ? directory + " is not in a Git repository with commits"
                : "git says: " + why);
      }
      return output;
    } catch (IOException e) {
      throw new UnavailableException("git does not run: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UnavailableException("interrupted");
    }
  }

  private static String text(InputStream stream) {
    try (stream) {
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** There is no Git history to be had, and why. */
  static final class UnavailableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UnavailableException(String message) {
      super(message);
    }
  }
}
