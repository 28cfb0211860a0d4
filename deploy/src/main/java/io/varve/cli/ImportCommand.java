package io.varve.cli;

import io.varve.cli.json.EventJson;
import io.varve.cli.json.JsonSyntaxException;
import io.varve.cli.load.OrderedAppends;
import io.varve.client.AppendRequest;
import io.varve.client.AppendResult;
import io.varve.client.AppendResult.Appended;
import io.varve.client.NewEvent;
import io.varve.client.VarveClient;
import io.varve.client.VarveException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/**
 * {@code varve import}: JSON Lines in, one event a line.
 *
 * <p>Lines are appended some at a time, many appends under way; every source's events keep the
 * order of their lines.
 */
@Command(
    name = "import",
    sortOptions = false,
    description = "Append the events of a JSON Lines file, one event a line.",
    footer = {
      "",
      "A line is an event as 'varve read --json' prints it; position, version and recorded are read",
      "over. What is imported twice lands twice."
    })
final class ImportCommand extends ClientCommand {

  /** Lines of one append, at most; they land together. */
  private static final int MAX_EVENTS = 100;

  /** Characters of the lines of one append, at most (a longer line goes alone). */
  private static final int MAX_CHARACTERS = 256 << 10;

  /** Longer lines are refused before they fill memory: no log accepts such an event. */
  private static final int MAX_LINE_CHARACTERS = 16 << 20;

  private static final int IN_FLIGHT = 16;

  private static final long PROGRESS_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  /** How a refusal names the event within its append. */
  private static final Pattern EVENT_FIELD =
      Pattern.compile("(append\\.events\\[(\\d+)\\]\\.?)(.*)");

  @Parameters(
      arity = "0..1",
      paramLabel = "FILE|-",
      description = "The file; - or none = standard input.")
  private String file = "-";

  private final Console console;

  ImportCommand(GlobalOptions globals, Console console) {
    super(globals, console);
    this.console = console;
  }

  @Override
  ExitCode run(VarveClient client, Output output) {
    try (BufferedReader lines = open()) {
      new Importing(client, output, lines).run();
    } catch (IOException e) {
      throw CommandException.invalid("cannot read " + name() + ": " + e.getMessage(), "");
    }
    return ExitCode.DONE;
  }

  private BufferedReader open() throws IOException {
    if (!file.equals("-") && !Files.isRegularFile(Path.of(file)) && !Files.exists(Path.of(file))) {
      throw CommandException.invalid("there is no file " + file, "");
    }
    InputStream bytes = file.equals("-") ? console.in() : Files.newInputStream(Path.of(file));
    return new BufferedReader(
        new InputStreamReader(
            bytes,
            StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT)),
        1 << 16);
  }

  private String name() {
    return file.equals("-") ? "standard input" : file;
  }

  /** Lines that were appended together. */
  private record Batch(List<Long> lines, CompletableFuture<AppendResult> result) {
    Batch {
      lines = List.copyOf(lines);
    }
  }

  /** One run. */
  private static final class Importing {
    private final OrderedAppends appends;
    private final Output output;
    private final BufferedReader in;

    private final Deque<Batch> underWay = new ArrayDeque<>();
    private final List<NewEvent> events = new ArrayList<>();
    private final List<Long> eventLines = new ArrayList<>();
    private int characters;

    private final long begin = System.nanoTime();
    private long lastProgress = begin;
    private long line;
    private long landed;
    private long firstPosition = Long.MAX_VALUE;
    private long lastPosition;
    private @Nullable CommandException failure;

    Importing(VarveClient client, Output output, BufferedReader in) {
      this.appends = new OrderedAppends(client, IN_FLIGHT);
      this.output = output;
      this.in = in;
    }

    void run() throws IOException {
      try {
        for (Optional<String> text = nextLine();
            text.isPresent() && failure == null;
            text = nextLine()) {
          if (!text.get().isBlank()) {
            add(text.get());
          }
        }
      } catch (CommandException e) {
        // What stands before the bad line lands.
        send();
        failure = failure == null ? e : failure;
      } finally {
        send();
        settle(true);
        progress(true);
      }
      if (failure != null) {
        throw new CommandException(
            failure.exit(),
            failure.code(),
            failure.getMessage()
                + "; "
                + landed
                + (landed == 1 ? " event" : " events")
                + " had landed",
            failure.field());
      }
      report();
    }

    private void add(String text) {
      try {
        NewEvent event = EventJson.read(text);
        if (!events.isEmpty()
            && (events.size() == MAX_EVENTS || characters + text.length() > MAX_CHARACTERS)) {
          send();
        }
        events.add(event);
        eventLines.add(line);
        characters += text.length();
      } catch (JsonSyntaxException e) {
        throw CommandException.invalid("line " + line + ": " + e.getMessage(), "");
      }
    }

    private void send() {
      if (!events.isEmpty() && failure == null) {
        AppendRequest append = AppendRequest.of(events, List.of());
        underWay.add(new Batch(eventLines, appends.append(append)));
      }
      events.clear();
      eventLines.clear();
      characters = 0;
      settle(false);
    }

    /** Takes in what has been answered; all of it, waiting, at the end. */
    private void settle(boolean all) {
      while (!underWay.isEmpty() && (all || underWay.peek().result().isDone())) {
        Batch batch = underWay.remove();
        try {
          Appended appended = batch.result().join().orThrow();
          landed += batch.lines().size();
          firstPosition = Math.min(firstPosition, appended.firstPosition());
          lastPosition = Math.max(lastPosition, appended.lastPosition());
        } catch (CompletionException e) {
          failure = failure == null ? failed(batch, e) : failure;
        }
        progress(false);
      }
    }

    private static CommandException failed(Batch batch, CompletionException e) {
      Throwable cause = e;
      while (cause instanceof CompletionException && cause.getCause() != null) {
        cause = cause.getCause();
      }
      if (!(cause instanceof VarveException error)) {
        throw e;
      }
      Matcher field = EVENT_FIELD.matcher(error.field());
      if (field.matches()) {
        int index = Integer.parseInt(field.group(2));
        if (index < batch.lines().size()) {
          String message = String.valueOf(error.getMessage());
          return new CommandException(
              Varve.exit(error),
              error.code().name(),
              "line " + batch.lines().get(index) + ": " + message.replace(field.group(1), ""),
              field.group(3));
        }
      }
      long first = batch.lines().get(0);
      long last = batch.lines().get(batch.lines().size() - 1);
      return new CommandException(
          Varve.exit(error),
          error.code().name(),
          (first == last ? "line " + first : "lines " + first + " to " + last)
              + ": "
              + error.getMessage(),
          error.field());
    }

    private Optional<String> nextLine() throws IOException {
      StringBuilder text = new StringBuilder();
      int character = in.read();
      if (character < 0) {
        return Optional.empty();
      }
      line++;
      for (; character >= 0 && character != '\n'; character = in.read()) {
        if (text.length() == MAX_LINE_CHARACTERS) {
          throw CommandException.invalid(
              "line " + line + " is longer than " + MAX_LINE_CHARACTERS + " characters", "");
        }
        text.append((char) character);
      }
      return Optional.of(text.toString());
    }

    private void progress(boolean last) {
      if (!output.console().terminal() || output.json()) {
        return;
      }
      long now = System.nanoTime();
      if (last) {
        output.console().err().print("\r\u001b[K");
      } else if (now - lastProgress >= PROGRESS_NANOS) {
        lastProgress = now;
        output
            .console()
            .err()
            .print(
                String.format(
                    Locale.ROOT, "\r%,d events, %,d a second\u001b[K", landed, rate(now)));
      }
      output.console().err().flush();
    }

    private long rate(long now) {
      return Math.round(landed / Math.max(1e-9, (now - begin) / 1e9));
    }

    private void report() {
      long now = System.nanoTime();
      double seconds = (now - begin) / 1e9;
      output.result(
          out -> {
            out.writeStringField("outcome", "imported");
            out.writeNumberField("events", landed);
            if (landed > 0) {
              out.writeNumberField("firstPosition", firstPosition);
              out.writeNumberField("lastPosition", lastPosition);
            }
            out.writeNumberField("seconds", Math.round(seconds * 1e3) / 1e3);
            out.writeNumberField("eventsPerSecond", rate(now));
          },
          landed == 0
              ? "imported nothing: there was no event"
              : String.format(
                  Locale.ROOT,
                  "imported %,d events at positions %d to %d in %.1f s (%,d a second)",
                  landed,
                  firstPosition,
                  lastPosition,
                  seconds,
                  rate(now)));
    }
  }
}
