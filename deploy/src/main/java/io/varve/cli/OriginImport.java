package io.varve.cli;

import io.varve.client.AppendRequest;
import io.varve.client.AppendResult;
import io.varve.client.AppendResult.Appended;
import io.varve.client.ErrorCode;
import io.varve.client.NewEvent;
import io.varve.client.Origin;
import io.varve.client.SequenceGapException;
import io.varve.client.VarveClient;
import io.varve.client.VarveException;
import io.varve.client.json.EventJson;
import io.varve.client.json.JsonSyntaxException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.LongConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Appends lines as the events of one buffer of one client, each line's number being the event's. So
 * a line lands once, however often and however cut it is sent, and all land in order.
 *
 * <p>Some lines go together, and several such runs are under way at once. Bounded: at most {@value
 * #RUNS} runs of {@value #MAX_LINES} lines or {@value #MAX_CHARACTERS} characters (or one longer
 * line). To be used by one thread.
 */
final class OriginImport {

  /** Who imports, for the log. */
  static final String CLIENT = "varve-import";

  private static final int RUNS = 16;
  private static final int MAX_LINES = 500;
  private static final int MAX_CHARACTERS = 256 << 10;

  /**
   * A run may be overtaken by the next when a node turns it away; more often than that, it is not.
   */
  private static final int MAX_OVERTAKEN = 5;

  /** More than any append may have, whatever the nodes were told: not worth sending. */
  private static final int MAX_PAYLOAD_BYTES = 4 << 20;

  /** How a refusal names the event within its append. */
  private static final Pattern EVENT_FIELD =
      Pattern.compile("(append\\.events\\[(\\d+)\\]\\.?)(.*)");

  private final VarveClient client;
  private final String buffer;
  private final boolean voidInvalid;
  private final LongConsumer onLanded;

  private final Deque<Run> underWay = new ArrayDeque<>();
  private final List<Numbered> collected = new ArrayList<>();
  private int characters;

  private long landed;
  private long events;
  private long voids;
  private long repeated;
  private long firstPosition = Long.MAX_VALUE;
  private long lastPosition;

  /** A line: its event, or nothing, so that its number is taken without one. */
  private record Numbered(long number, Optional<NewEvent> event, int characters, long endOffset) {
    Numbered voided() {
      return new Numbered(number, Optional.empty(), 0, endOffset);
    }
  }

  /** Lines that go together. */
  private static final class Run {
    private final List<Numbered> lines;
    private CompletableFuture<AppendResult> result = new CompletableFuture<>();
    private int overtaken;

    Run(List<Numbered> lines) {
      this.lines = List.copyOf(lines);
    }

    long first() {
      return lines.get(0).number();
    }

    Numbered last() {
      return lines.get(lines.size() - 1);
    }
  }

  /**
   * Prepares an import.
   *
   * @param buffer names what is imported
   * @param voidInvalid whether the number of a line that can never be accepted is taken without an
   *     event; otherwise such a line ends the import
   * @param landed lines that are known to have landed before
   * @param onLanded told, whenever more has landed, where in the file that ends
   */
  OriginImport(
      VarveClient client, String buffer, boolean voidInvalid, long landed, LongConsumer onLanded) {
    this.client = client;
    this.buffer = buffer;
    this.voidInvalid = voidInvalid;
    this.landed = landed;
    this.onLanded = onLanded;
  }

  /** The line up to which everything has landed. */
  long landed() {
    return landed;
  }

  /** How many events have landed that had not before. */
  long events() {
    return events;
  }

  /** How many lines took their number without an event, now or in an earlier import. */
  long voids() {
    return voids;
  }

  /** How many of the events that were sent had landed before. */
  long repeated() {
    return repeated;
  }

  /** The lowest position of {@link #events()}. */
  long firstPosition() {
    return firstPosition;
  }

  /** The highest position of {@link #events()}. */
  long lastPosition() {
    return lastPosition;
  }

  /**
   * Takes the next line.
   *
   * @throws CommandException if it is no event, or a line before was refused
   */
  void add(LineReader.Line line) {
    Numbered numbered = parse(line);
    if (!collected.isEmpty()
        && (collected.size() == MAX_LINES || characters + numbered.characters() > MAX_CHARACTERS)) {
      send();
    }
    collected.add(numbered);
    characters += numbered.characters();
  }

  /**
   * Waits until everything has landed.
   *
   * @throws CommandException if something was refused
   */
  void finish() {
    send();
    while (!underWay.isEmpty()) {
      settle();
    }
  }

  /** Gives up, but lets what was sent be answered, so that it is known how far it went. */
  void abandon() {
    try {
      while (!underWay.isEmpty()) {
        Run run = underWay.remove();
        landed(run, run.result.join().orThrow());
      }
    } catch (CompletionException | VarveException e) {
      // Nothing behind it can have landed.
      underWay.forEach(OriginImport::await);
    }
  }

  private Numbered parse(LineReader.Line line) {
    String mistake = line.mistake();
    if (mistake.isEmpty()) {
      try {
        if (line.text().isBlank()) {
          mistake = "it is blank, and no event";
        } else {
          NewEvent event = EventJson.read(line.text());
          if (event.data().size() <= MAX_PAYLOAD_BYTES) {
            int length = line.text().length();
            return new Numbered(line.number(), Optional.of(event), length, line.endOffset());
          }
          mistake = "its payload is larger than any log accepts (" + MAX_PAYLOAD_BYTES + " bytes)";
        }
      } catch (JsonSyntaxException e) {
        mistake = String.valueOf(e.getMessage());
      }
    }
    if (voidInvalid) {
      return new Numbered(line.number(), Optional.empty(), 0, line.endOffset());
    }
    // What stands before it lands.
    finish();
    throw CommandException.invalid("line " + line.number() + ": " + mistake, "");
  }

  private void send() {
    if (collected.isEmpty()) {
      return;
    }
    Run run = new Run(collected);
    collected.clear();
    characters = 0;
    while (underWay.size() >= RUNS) {
      settle();
    }
    send(run);
    underWay.add(run);
    while (!underWay.isEmpty() && underWay.getFirst().result.isDone()) {
      settle();
    }
  }

  private void send(Run run) {
    List<Long> without =
        run.lines.stream().filter(line -> line.event().isEmpty()).map(Numbered::number).toList();
    AppendRequest request =
        AppendRequest.builder()
            .events(run.lines.stream().flatMap(line -> line.event().stream()).toList())
            .origin(new Origin(CLIENT, buffer, run.first(), without))
            .build();
    run.result = client.appendAsync(request);
  }

  /** Takes in the answer to the oldest run under way, waiting for it. */
  private void settle() {
    Run run = underWay.getFirst();
    Appended appended;
    try {
      appended = run.result.join().orThrow();
    } catch (CompletionException e) {
      recover(run, cause(e));
      return;
    }
    underWay.removeFirst();
    landed(run, appended);
  }

  private void landed(Run run, Appended appended) {
    long fresh =
        appended.firstPosition() == 0
            ? 0
            : appended.originPositions().stream()
                .filter(position -> position >= appended.firstPosition())
                .count();
    long all = run.lines.stream().filter(line -> line.event().isPresent()).count();
    events += fresh;
    repeated += all - fresh;
    voids += run.lines.size() - all;
    if (fresh > 0) {
      firstPosition = Math.min(firstPosition, appended.firstPosition());
      lastPosition = Math.max(lastPosition, appended.lastPosition());
    }
    landed = run.last().number();
    onLanded.accept(run.last().endOffset());
  }

  /** Goes on after the oldest run was not accepted as it was, or says why that cannot be. */
  private void recover(Run run, VarveException error) {
    underWay.forEach(OriginImport::await);
    Optional<Numbered> culprit = culprit(run, error);
    if (error instanceof SequenceGapException && run.overtaken < MAX_OVERTAKEN) {
      // Everything before it has landed by now.
      run.overtaken++;
    } else if (error.code() == ErrorCode.INVALID_ARGUMENT && culprit.isPresent() && voidInvalid) {
      long number = culprit.get().number();
      replace(
          run,
          new Run(
              run.lines.stream()
                  .map(line -> line.number() == number ? line.voided() : line)
                  .toList()));
    } else if (error.code() == ErrorCode.INVALID_ARGUMENT
        && culprit.isEmpty()
        && run.lines.size() > 1) {
      // Together they are over a limit of this log's.
      int half = run.lines.size() / 2;
      replace(
          run,
          new Run(run.lines.subList(0, half)),
          new Run(run.lines.subList(half, run.lines.size())));
    } else {
      throw refused(run, culprit, error);
    }
    // One after the other, so that none overtakes another.
    for (Run again : underWay) {
      if (!again.result.isDone() || again.result.isCompletedExceptionally()) {
        send(again);
        await(again);
      }
    }
  }

  private void replace(Run run, Run... by) {
    underWay.removeFirst();
    for (int i = by.length - 1; i >= 0; i--) {
      by[i].overtaken = run.overtaken;
      underWay.addFirst(by[i]);
    }
  }

  private static Optional<Numbered> culprit(Run run, VarveException error) {
    Matcher field = EVENT_FIELD.matcher(error.field());
    if (!field.matches()) {
      return Optional.empty();
    }
    List<Numbered> withEvent =
        run.lines.stream().filter(line -> line.event().isPresent()).collect(Collectors.toList());
    int index = Integer.parseInt(field.group(2));
    return index < withEvent.size() ? Optional.of(withEvent.get(index)) : Optional.empty();
  }

  private static CommandException refused(
      Run run, Optional<Numbered> culprit, VarveException error) {
    Matcher field = EVENT_FIELD.matcher(error.field());
    String message = String.valueOf(error.getMessage());
    if (culprit.isPresent() && field.matches()) {
      return new CommandException(
          Varve.exit(error),
          error.code().name(),
          "line " + culprit.get().number() + ": " + message.replace(field.group(1), ""),
          field.group(3));
    }
    long first = run.first();
    long last = run.last().number();
    return new CommandException(
        Varve.exit(error),
        error.code().name(),
        (first == last ? "line " + first : "lines " + first + " to " + last) + ": " + message,
        error.field());
  }

  /** Waits for an answer, whatever it is. */
  private static void await(Run run) {
    run.result.handle((answer, failure) -> true).join();
  }

  private static VarveException cause(CompletionException e) {
    @Nullable Throwable cause = e;
    while (cause instanceof CompletionException && cause.getCause() != null) {
      cause = cause.getCause();
    }
    if (cause instanceof VarveException error) {
      return error;
    }
    throw e;
  }
}
