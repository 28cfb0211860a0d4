package io.varve.cli;

import io.varve.client.Event;
import io.varve.client.EventStream;
import io.varve.client.ReadOptions;
import io.varve.client.VarveClient;
import io.varve.client.VarveException;
import io.varve.client.json.EventJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code varve export}: the log as JSON Lines, its payloads byte for byte. */
@Command(
    name = "export",
    sortOptions = false,
    description = "Write the log's events as JSON Lines, one event a line, up to its head.",
    footer = {
      "",
      "Payloads and metadata come out byte for byte: as 'data' where JSON of one line says them",
      "exactly, else as 'dataBase64'. 'varve import' takes the file.",
      "",
      "Examples:",
      "  varve export log.jsonl",
      "  varve export log.jsonl --append          # what has come since, or after a cut",
      "  varve export --from 1001 | gzip >new.jsonl.gz",
      "  varve export --target old:4520 | varve import --target new:4520 --as old-log"
    })
final class ExportCommand extends ClientCommand {

  /** How often it is noticed that nobody reads the output any more, in events. */
  private static final int CHECK_EVERY = 1_000;

  @Parameters(
      arity = "0..1",
      paramLabel = "FILE|-",
      description = "The file, which must not exist yet; - or none = standard output.")
  private String file = "-";

  @Option(
      names = "--from",
      paramLabel = "P",
      description = "Start with this position. Default: the first event.")
  private @Nullable Long from;

  @Option(
      names = "--append",
      description =
          "Go on with a file that an earlier export wrote, behind its last whole event. Makes it"
              + " if there is none.")
  private boolean append;

  ExportCommand(GlobalOptions globals, Console console) {
    super(globals, console);
  }

  @Override
  void check() {
    if (from != null && from < 1) {
      throw new UsageException("--from: the first position is 1: " + from);
    }
    if (append && from != null) {
      throw new UsageException("--append and --from exclude each other: the file says from where");
    }
    if (append && file.equals("-")) {
      throw new UsageException("--append needs a file to go on with");
    }
  }

  @Override
  ExitCode run(VarveClient client, Output output) {
    if (file.equals("-")) {
      new Run(output, line -> {}, true).export(client, from == null ? 1 : from, "");
      return ExitCode.DONE;
    }
    Path path = Path.of(file);
    if (!append && Files.exists(path)) {
      throw CommandException.refused(path + " exists; --append goes on with it");
    }
    try (ExportFile lines = ExportFile.open(path)) {
      long first = from == null ? lines.lastPosition() + 1 : from;
      Run run = new Run(output, lines::write, false);
      run.export(client, first, lines.lastLine());
      lines.force();
      run.report(path);
    } catch (IOException e) {
      throw CommandException.invalid("cannot write " + path + ": " + e.getMessage(), "");
    }
    return ExitCode.DONE;
  }

  /** Takes one line. */
  @FunctionalInterface
  private interface Lines {
    void write(String line) throws IOException;
  }

  /** One run. */
  private static final class Run {
    private final Output output;
    private final Lines lines;
    private final boolean standardOutput;
    private final Progress progress;
    private long events;
    private long firstPosition;
    private long lastPosition;

    Run(Output output, Lines lines, boolean standardOutput) {
      this.output = output;
      this.lines = lines;
      this.standardOutput = standardOutput;
      this.progress = new Progress(output);
    }

    /**
     * Writes events.
     *
     * @param first the first position to write
     * @param before what was written of the position before; empty = nothing
     */
    void export(VarveClient client, long first, String before) {
      long begin = before.isEmpty() ? first : first - 1;
      long head = client.head().position();
      if (begin > head) {
        if (!before.isEmpty()) {
          throw otherLog(begin, "the log ends at position " + head);
        }
        return;
      }
      ReadOptions options = ReadOptions.builder().fromPosition(begin).build();
      try (EventStream stream = client.read(options)) {
        for (Event event : stream) {
          String line = EventJson.writeExactly(event);
          if (event.position() < first) {
            if (!line.equals(before)) {
              throw otherLog(begin, "the log has another event there");
            }
            continue;
          }
          write(event, line);
          progress.show(events, (double) (event.position() - begin + 1) / (head - begin + 1));
          if (standardOutput && events % CHECK_EVERY == 0 && output.abandoned()) {
            return;
          }
        }
      } catch (VarveException e) {
        throw new CommandException(
            Varve.exit(e),
            e.code().name(),
            e.getMessage()
                + "; "
                + events
                + (events == 1 ? " event was" : " events were")
                + " written"
                + (standardOutput ? "" : ", and --append goes on behind them"),
            e.field());
      } catch (IOException e) {
        throw CommandException.invalid(
            "cannot write: " + e.getMessage() + "; " + events + " events were written", "");
      } finally {
        progress.clear();
      }
    }

    private void write(Event event, String line) throws IOException {
      if (standardOutput) {
        output.line(line);
      } else {
        lines.write(line);
      }
      if (events++ == 0) {
        firstPosition = event.position();
      }
      lastPosition = event.position();
    }

    private static CommandException otherLog(long position, String why) {
      return CommandException.refused(
          "the file's last event, at position " + position + ", is not this log's: " + why);
    }

    void report(Path path) {
      double seconds = progress.seconds();
      output.result(
          out -> {
            out.writeStringField("outcome", "exported");
            out.writeStringField("file", path.toString());
            out.writeNumberField("events", events);
            if (events > 0) {
              out.writeNumberField("firstPosition", firstPosition);
              out.writeNumberField("lastPosition", lastPosition);
            }
            out.writeNumberField("seconds", Math.round(seconds * 1e3) / 1e3);
            out.writeNumberField("eventsPerSecond", progress.rate(events));
          },
          events == 0
              ? "exported nothing: there was no event to write"
              : String.format(
                  Locale.ROOT,
                  "exported %,d events, positions %d to %d, in %.1f s (%,d a second)",
                  events,
                  firstPosition,
                  lastPosition,
                  seconds,
                  progress.rate(events)));
    }
  }
}
