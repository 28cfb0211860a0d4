package io.varve.cli;

import io.varve.client.OriginProgress;
import io.varve.client.VarveClient;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code varve import}: JSON Lines in, one event a line, each landing once. */
@Command(
    name = "import",
    sortOptions = false,
    description = "Append the events of a JSON Lines file, one event a line, each exactly once.",
    footer = {
      "",
      "A line is an event as 'varve export' and 'varve read --json' print it; position, version and",
      "recorded are read over. The events land in the order of their lines.",
      "The log remembers which lines of what have landed: importing again lands nothing twice, and an",
      "import that was cut goes on where it stopped.",
      "",
      "Examples:",
      "  varve import events.jsonl",
      "  zcat events.jsonl.gz | varve import --as 2026-11-orders",
      "  varve import events.jsonl --as 2026-11-again      # another name: it lands another time"
    })
final class ImportCommand extends ClientCommand {

  @Parameters(
      arity = "0..1",
      paramLabel = "FILE|-",
      description = "The file; - or none = standard input.")
  private String file = "-";

  @Option(
      names = "--as",
      paramLabel = "NAME",
      description =
          "Names what is imported: under one name, each line number lands once. Default: the"
              + " SHA-256 of the file; standard input needs a name.")
  private @Nullable String name;

  @Option(
      names = "--void-invalid",
      description =
          "Pass over lines that can never be accepted (blank, no event, over a limit): their"
              + " numbers are taken without an event. Otherwise such a line ends the import.")
  private boolean voidInvalid;

  private final Console console;

  ImportCommand(GlobalOptions globals, Console console) {
    super(globals, console);
    this.console = console;
  }

  @Override
  void check() {
    if (name != null && name.isEmpty()) {
      throw new UsageException("--as: a name is not empty");
    }
    if (name == null && file.equals("-")) {
      throw new UsageException("standard input needs a name: --as NAME says what is imported");
    }
  }

  @Override
  ExitCode run(VarveClient client, Output output) {
    if (file.equals("-")) {
      return importing(client, output, console.in(), OptionalLong.empty());
    }
    Path path = Path.of(file);
    if (!Files.exists(path)) {
      throw CommandException.invalid("there is no file " + file, "");
    }
    if (name == null && !Files.isRegularFile(path)) {
      throw new UsageException(file + " is no plain file: --as NAME says what is imported");
    }
    try (InputStream in = new BufferedInputStream(Files.newInputStream(path))) {
      OptionalLong size =
          Files.isRegularFile(path) ? OptionalLong.of(Files.size(path)) : OptionalLong.empty();
      return importing(client, output, in, size);
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  private CommandException unreadable(IOException e) {
    String what = file.equals("-") ? "standard input" : file;
    return CommandException.invalid("cannot read " + what + ": " + e.getMessage(), "");
  }

  private String buffer() {
    if (name != null) {
      return name;
    }
    try (InputStream in = new DigestInputStream(Files.newInputStream(Path.of(file)), sha256())) {
      MessageDigest digest = ((DigestInputStream) in).getMessageDigest();
      in.transferTo(java.io.OutputStream.nullOutputStream());
      return HexFormat.of().formatHex(digest.digest());
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      // Every Java platform has it.
      throw new IllegalStateException(e);
    }
  }

  private ExitCode importing(VarveClient client, Output output, InputStream in, OptionalLong size) {
    String buffer = buffer();
    OriginProgress before = client.originProgress(OriginImport.CLIENT, buffer);
    Progress progress = new Progress(output);
    // Line n is sent again although it has landed: the log compares it, and tells when another file
    // goes by the same name.
    long known = Math.max(0, before.lastSequence() - 1);
    OriginImport[] self = new OriginImport[1];
    OriginImport importing =
        new OriginImport(
            client,
            buffer,
            voidInvalid,
            known,
            offset ->
                progress.show(
                    self[0].events(),
                    size.isPresent() ? (double) offset / size.getAsLong() : Double.NaN));
    self[0] = importing;
    long lines = 0;
    try {
      LineReader reader = new LineReader(in);
      Optional<LineReader.Line> passed = Optional.empty();
      for (Optional<LineReader.Line> line = reader.next(); line.isPresent(); line = reader.next()) {
        lines = line.get().number();
        if (lines <= known) {
          passed = line;
        } else {
          passed = Optional.empty();
          importing.add(line.get());
        }
      }
      // Fewer lines than have landed under this name: the last of them must be the same at least.
      passed.ifPresent(importing::add);
      importing.finish();
    } catch (CommandException e) {
      importing.abandon();
      progress.clear();
      throw new CommandException(
          e.exit(), e.code(), e.getMessage() + "; " + soFar(importing, e.exit()), e.field());
    } catch (IOException e) {
      importing.abandon();
      progress.clear();
      throw unreadable(e);
    }
    progress.clear();
    report(output, importing, progress, buffer, lines);
    return ExitCode.DONE;
  }

  private static String soFar(OriginImport importing, ExitCode exit) {
    return (importing.landed() == 0
            ? "nothing has landed"
            : "everything before line " + (importing.landed() + 1) + " has landed")
        + (exit == ExitCode.UNAVAILABLE || exit == ExitCode.UNKNOWN
            ? "; the same command goes on from there"
            : "");
  }

  private static void report(
      Output output, OriginImport importing, Progress progress, String buffer, long lines) {
    double seconds = progress.seconds();
    output.result(
        out -> {
          out.writeStringField("outcome", "imported");
          out.writeStringField("as", buffer);
          out.writeNumberField("lines", lines);
          out.writeNumberField("events", importing.events());
          out.writeNumberField("voids", importing.voids());
          if (importing.events() > 0) {
            out.writeNumberField("firstPosition", importing.firstPosition());
            out.writeNumberField("lastPosition", importing.lastPosition());
          }
          out.writeNumberField("seconds", Math.round(seconds * 1e3) / 1e3);
          out.writeNumberField("eventsPerSecond", progress.rate(importing.events()));
        },
        text(importing, progress, lines));
  }

  private static String text(OriginImport importing, Progress progress, long lines) {
    String voids =
        importing.voids() == 0
            ? ""
            : String.format(Locale.ROOT, "; %,d lines are no events", importing.voids());
    if (importing.events() == 0) {
      return (lines == 0
              ? "imported nothing: there was no line"
              : "imported nothing: no line had an event that had not landed before")
          + voids;
    }
    return String.format(
            Locale.ROOT,
            "imported %,d events of %,d lines at positions %d to %d in %.1f s (%,d a second)",
            importing.events(),
            lines,
            importing.firstPosition(),
            importing.lastPosition(),
            progress.seconds(),
            progress.rate(importing.events()))
        + voids;
  }
}
