package io.varve.cli;

import io.varve.client.AppendId;
import io.varve.client.AppendRequest;
import io.varve.client.AppendResult;
import io.varve.client.Bytes;
import io.varve.client.Condition;
import io.varve.client.ExpectedVersion;
import io.varve.client.FateUnknownException;
import io.varve.client.NewEvent;
import io.varve.client.OutcomeUnknownException;
import io.varve.client.VarveClient;
import io.varve.client.json.FilterJson;
import io.varve.client.json.Json;
import io.varve.client.json.ResultJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code varve append}: one append of one event. */
@Command(
    name = "append",
    sortOptions = false,
    description = "Append one event, if its conditions hold.",
    footer = {
      "",
      "A scope is a filter with a position: nothing that matches may have come after it.",
      "  --scope '{\"anyOf\":[{\"types\":[\"SeatTaken\"],\"tags\":[\"seat:12A\"]}],\"after\":41}'",
      "",
      "Examples:",
      "  varve append --source account-7 --type AccountOpened --expected-version none",
      "  varve append --source account-7 --type Paid --expected-version 1 --data '{\"sum\":100}'",
      "  varve append --source canvas-3 --type CellPainted --key 12:7 --data @cell.json",
      "  varve append --source s --type T --append-id 6f1c1f0e-3c57-4b52-9d1e-1f0a52d6a0b1"
    })
final class AppendCommand extends ClientCommand {

  /** More than any log accepts, so that a mistaken file is refused before it fills memory. */
  private static final int MAX_PAYLOAD_BYTES = 64 << 20;

  @Option(
      names = "--source",
      required = true,
      paramLabel = "S",
      description = "The event source: what the event is about.")
  private String source = "";

  @Option(names = "--type", required = true, paramLabel = "T", description = "The event type.")
  private String type = "";

  @Option(
      names = "--expected-version",
      paramLabel = "N|none|exists",
      description = "The source must have this version, not exist, or exist.")
  private @Nullable String expectedVersion;

  @Option(
      names = "--scope",
      paramLabel = "JSON",
      description = "A concurrency scope that must hold. May be repeated.")
  private List<String> scopes = new ArrayList<>();

  @Option(names = "--source-type", paramLabel = "NAME", description = "The source type label.")
  private String sourceType = "";

  @Option(names = "--stream-type", paramLabel = "NAME", description = "The stream type label.")
  private String streamType = "";

  @Option(names = "--stream-id", paramLabel = "NAME", description = "The stream id label.")
  private String streamId = "";

  @Option(names = "--tag", paramLabel = "TAG", description = "A tag. May be repeated.")
  private List<String> tags = new ArrayList<>();

  @Option(
      names = "--key",
      paramLabel = "KEY",
      description = "What within the source the event overwrites.")
  private String key = "";

  @Option(
      names = "--append-id",
      paramLabel = "UUID",
      description = "Names this append: repeating it is answered with the first answer.")
  private @Nullable UUID appendId;

  @Option(
      names = "--known-position",
      paramLabel = "P",
      description =
          "With --append-id: a head known before the append was first sent, the same on every"
              + " repetition. Default 0, which is refused once the log has grown past its"
              + " deduplication window.")
  private @Nullable Long knownPosition;

  @Option(
      names = "--data",
      paramLabel = "JSON|@FILE|-",
      description = "The payload: JSON, a file's content, or standard input.")
  private @Nullable String data;

  private final Console console;

  AppendCommand(GlobalOptions globals, Console console) {
    super(globals, console);
    this.console = console;
  }

  @Override
  void check() {
    if (knownPosition != null && appendId == null) {
      throw new UsageException("--known-position needs --append-id");
    }
    if (knownPosition != null && knownPosition < 0) {
      throw new UsageException("--known-position: a position is 0 or more: " + knownPosition);
    }
    conditions();
  }

  @Override
  ExitCode run(VarveClient client, Output output) {
    AppendRequest.Builder append = AppendRequest.builder().event(event()).conditions(conditions());
    if (appendId != null) {
      append.appendId(new AppendId(appendId, knownPosition == null ? 0 : knownPosition));
    }
    AppendResult result;
    try {
      result = client.append(append.build());
    } catch (FateUnknownException e) {
      throw new CommandException(
          ExitCode.REFUSED,
          e.code().name(),
          e.getMessage()
              + (knownPosition == null
                  ? "; pass --known-position, a head you knew before you first sent this append"
                  : ""),
          e.field());
    } catch (OutcomeUnknownException e) {
      throw new CommandException(
          ExitCode.UNKNOWN, e.code().name(), e.getMessage() + hint(e), e.field());
    }
    output.line(output.json() ? ResultJson.write(result) : ResultText.of(result));
    return result instanceof AppendResult.Conflict ? ExitCode.CONFLICT : ExitCode.DONE;
  }

  /** How to learn the truth: the same append again, by its id. */
  private static String hint(OutcomeUnknownException unknown) {
    return unknown
        .appendId()
        .map(
            id ->
                "; to learn the truth, repeat the append with --append-id "
                    + id.id()
                    + " --known-position "
                    + id.knownPosition())
        .orElse("");
  }

  private NewEvent event() {
    NewEvent.Builder event =
        NewEvent.builder(source, type)
            .sourceType(sourceType)
            .streamType(streamType)
            .streamId(streamId)
            .tags(tags)
            .key(key);
    if (data != null) {
      payload(event, data);
    }
    return event.build();
  }

  private void payload(NewEvent.Builder event, String given) {
    if (!given.equals("-") && !given.startsWith("@")) {
      try {
        Json.compact(given);
      } catch (RuntimeException e) {
        throw new UsageException(
            "--data is not JSON: " + e.getMessage() + " (for a file, write --data @FILE)");
      }
      event.data(given);
      return;
    }
    Bytes bytes = given.equals("-") ? standardInput() : file(Path.of(given.substring(1)));
    event.data(bytes);
    if (!bytes.isEmpty() && Json.compact(bytes.asByteBuffer()).isEmpty()) {
      event.contentType("application/octet-stream");
    }
  }

  private Bytes standardInput() {
    try {
      byte[] bytes = console.in().readNBytes(MAX_PAYLOAD_BYTES + 1);
      return bounded(bytes.length, Bytes.wrap(bytes), "standard input");
    } catch (IOException e) {
      throw CommandException.invalid("cannot read standard input: " + e.getMessage(), "--data");
    }
  }

  private static Bytes file(Path path) {
    try {
      long size = Files.size(path);
      return size > MAX_PAYLOAD_BYTES
          ? bounded(size, Bytes.empty(), path.toString())
          : Bytes.wrap(Files.readAllBytes(path));
    } catch (IOException e) {
      throw CommandException.invalid("cannot read " + path + ": " + e, "--data");
    }
  }

  private static Bytes bounded(long size, Bytes bytes, String what) {
    if (size > MAX_PAYLOAD_BYTES) {
      throw CommandException.invalid(
          what + " is larger than " + MAX_PAYLOAD_BYTES + " bytes", "--data");
    }
    return bytes;
  }

  private List<Condition> conditions() {
    List<Condition> conditions = new ArrayList<>();
    if (expectedVersion != null) {
      conditions.add(expected(expectedVersion));
    }
    for (String scope : scopes) {
      try {
        conditions.add(FilterJson.readScope(scope));
      } catch (RuntimeException e) {
        throw new UsageException("--scope: " + e.getMessage());
      }
    }
    return conditions;
  }

  private ExpectedVersion expected(String version) {
    return switch (version) {
      case "none" -> ExpectedVersion.notExists(source);
      case "exists" -> ExpectedVersion.exists(source);
      default -> {
        OptionalLong number = number(version);
        if (number.isEmpty() || number.getAsLong() < 0) {
          throw new UsageException(
              "--expected-version is a version (0 or more), none or exists: " + version);
        }
        yield ExpectedVersion.exactly(source, number.getAsLong());
      }
    };
  }

  private static OptionalLong number(String text) {
    try {
      return OptionalLong.of(Long.parseLong(text));
    } catch (NumberFormatException e) {
      return OptionalLong.empty();
    }
  }
}
