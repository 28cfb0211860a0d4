package io.varve.statemachine.model;

import com.google.protobuf.ByteString;
import io.varve.proto.replicated.v1.AppendBatch;
import io.varve.proto.replicated.v1.Command;
import io.varve.proto.v1.Append;
import io.varve.proto.v1.Filter;
import io.varve.statemachine.EventCursor;
import io.varve.statemachine.LatestPage;
import io.varve.statemachine.LogReader;
import io.varve.statemachine.LogReader.Direction;
import io.varve.statemachine.Outcome;
import io.varve.statemachine.SourcePage;
import io.varve.statemachine.StoredEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A story told in commands and answers, in the format that {@code transcripts/README.md} describes.
 * Replaying one yields its text again, with the answers that a replica really gives.
 */
final class Transcript {

  private static final String ANSWER = "=>";

  private final Replica replica;
  private final List<String> told = new ArrayList<>();
  private Optional<AppendBatch.Builder> entry = Optional.empty();
  private Optional<Append.Builder> append = Optional.empty();

  /** Where in {@link #told} the answers of the entry's appends belong: after their last lines. */
  private final List<Integer> ends = new ArrayList<>();

  private int lastLine;
  private long index;

  private Transcript(Replica replica) {
    this.replica = replica;
  }

  /** The transcript as the replica would have it. */
  static String replay(String text, Replica replica) {
    Transcript transcript = new Transcript(replica);
    int number = 0;
    for (String line : text.lines().toList()) {
      number++;
      try {
        transcript.line(line);
      } catch (RuntimeException e) {
        throw new IllegalArgumentException("line " + number + ": " + line, e);
      }
    }
    transcript.endEntry();
    return String.join("\n", transcript.told) + "\n";
  }

  private void line(String line) {
    String stripped = line.strip();
    if (stripped.startsWith(ANSWER)) {
      return; // What it says will be said again, if it is true.
    }
    if (stripped.isEmpty() || stripped.startsWith("#")) {
      told.add(line);
      return;
    }
    List<String> words = Notation.words(line);
    switch (words.get(0)) {
      case "append" -> {
        endAppend();
        append = Optional.of(Notation.append(words));
        tell(line);
      }
      case "event" -> {
        currentAppend().addEvents(Notation.event(words));
        tell(line);
      }
      case "expect" -> {
        currentAppend().addConditions(Notation.expectation(words));
        tell(line);
      }
      case "scope" -> {
        currentAppend().addConditions(Notation.scope(words));
        tell(line);
      }
      default -> {
        endEntry();
        tell(line);
        statement(words);
      }
    }
  }

  private void statement(List<String> words) {
    switch (words.get(0)) {
      case "founding" -> replica.apply(1, index++, Notation.founding(words).toByteString());
      case "entry" -> entry = Optional.of(Notation.entry(words));
      case "restart" -> replica.restart();
      case "head" -> answer(List.of(Long.toString(replica.reader().head())));
      case "version" -> answer(List.of(Long.toString(replica.reader().version(words.get(1)))));
      case "find" -> {
        Optional<Outcome.Appended> found =
            replica.reader().append(Notation.uuid(Notation.value(words.get(1))));
        answer(List.of(found.map(Notation::line).orElse("nothing")));
      }
      case "last" ->
          answer(
              List.of(
                  Long.toString(
                      replica
                          .reader()
                          .lastSequence(
                              Notation.value(words.get(1)), Notation.value(words.get(2))))));
      case "latest" -> answer(latest(Notation.rest(words, 1)));
      case "sources" -> answer(sources(Notation.rest(words, 1)));
      case "position" ->
          answer(
              List.of(
                  Long.toString(
                      replica.reader().positionAt(Notation.number(Notation.value(words.get(1)))))));
      case "read" -> answer(read(Notation.rest(words, 1)));
      default -> throw Notation.unknown(words.get(0));
    }
  }

  /** {@code latest SOURCE [prefix=P] [after=KEY] [limit=N]}. */
  private List<String> latest(List<String> words) {
    Page asked = Page.of(Notation.rest(words, 1));
    LatestPage page =
        replica
            .reader()
            .latest(words.get(0), asked.prefix(), asked.after(), asked.limit(), Long.MAX_VALUE);
    List<String> lines = new ArrayList<>();
    page.events().forEach(event -> lines.add(Notation.line(event)));
    page.lastKey().ifPresent(key -> lines.add("more after " + key));
    return lines.isEmpty() ? List.of("nothing") : lines;
  }

  /** {@code sources [prefix=P] [after=SOURCE] [limit=N]}. */
  private List<String> sources(List<String> words) {
    Page asked = Page.of(words);
    SourcePage page = replica.reader().sources(asked.prefix(), asked.after(), asked.limit());
    List<String> lines = new ArrayList<>();
    page.sources()
        .forEach(
            listed ->
                lines.add(
                    listed.source()
                        + "@"
                        + listed.version()
                        + ", newest is "
                        + listed.lastPosition()));
    if (page.more()) {
      lines.add("more");
    }
    return lines.isEmpty() ? List.of("nothing") : lines;
  }

  /** Which page is asked for. */
  private record Page(String prefix, String after, int limit) {
    static Page of(List<String> words) {
      String prefix = "";
      String after = "";
      int limit = 1_000;
      for (String word : words) {
        switch (Notation.name(word)) {
          case "prefix" -> prefix = Notation.value(word);
          case "after" -> after = Notation.value(word);
          case "limit" -> limit = (int) Notation.number(Notation.value(word));
          default -> throw Notation.unknown(word);
        }
      }
      return new Page(prefix, after, limit);
    }
  }

  /** {@code read [backward] [from=N] [source=S | filter ITEM [or ITEM…]]}. */
  private List<String> read(List<String> words) {
    LogReader reader = replica.reader();
    Direction direction = Direction.FORWARD;
    Optional<Long> from = Optional.empty();
    Optional<String> source = Optional.empty();
    Optional<Filter> filter = Optional.empty();
    for (int i = 0; i < words.size() && filter.isEmpty(); i++) {
      String word = words.get(i);
      switch (Notation.name(word)) {
        case "backward" -> direction = Direction.BACKWARD;
        case "from" -> from = Optional.of(Notation.number(Notation.value(word)));
        case "source" -> source = Optional.of(Notation.value(word));
        case "filter" -> filter = Optional.of(Notation.filter(Notation.rest(words, i + 1)));
        default -> throw Notation.unknown(word);
      }
    }
    long start = from.orElse(direction == Direction.FORWARD ? 1 : Long.MAX_VALUE);
    List<String> lines = new ArrayList<>();
    try (EventCursor cursor =
        filter.isPresent()
            ? reader.filter(filter.get(), start, direction)
            : source.isPresent()
                ? reader.source(source.get(), start, direction)
                : reader.log(start, direction)) {
      Optional<StoredEvent> next = cursor.next();
      while (next.isPresent()) {
        lines.add(Notation.line(next.get()));
        next = cursor.next();
      }
    }
    return lines.isEmpty() ? List.of("nothing") : lines;
  }

  private Append.Builder currentAppend() {
    return append.orElseThrow(() -> new IllegalArgumentException("no append stands above"));
  }

  private void endAppend() {
    append.ifPresent(
        builder -> {
          entry
              .orElseThrow(() -> new IllegalArgumentException("no entry stands above"))
              .addAppends(builder);
          ends.add(lastLine);
        });
    append = Optional.empty();
  }

  /** Applies the entry that has been told so far, if any, and inserts the answers. */
  private void endEntry() {
    endAppend();
    if (entry.isEmpty()) {
      return;
    }
    Command command = Planner.command(entry.get());
    entry = Optional.empty();
    ByteString bytes = command.toByteString();
    List<Outcome> outcomes = replica.apply(1, index++, bytes);
    for (int i = outcomes.size() - 1; i >= 0; i--) { // From the end, so that places stay true.
      List<String> lines = new ArrayList<>();
      Notation.lines(outcomes.get(i)).forEach(line -> lines.add("  " + ANSWER + " " + line));
      told.addAll(ends.get(i), lines);
    }
    ends.clear();
  }

  private void tell(String line) {
    told.add(line.stripTrailing());
    lastLine = told.size();
  }

  private void answer(List<String> lines) {
    lines.forEach(line -> told.add(ANSWER + " " + line));
  }
}
