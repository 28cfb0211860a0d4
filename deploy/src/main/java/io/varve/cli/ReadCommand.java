package io.varve.cli;

import io.varve.client.Event;
import io.varve.client.EventStream;
import io.varve.client.ReadConsistency;
import io.varve.client.ReadOptions;
import io.varve.client.VarveClient;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code varve read}: events that exist now. */
@Command(
    name = "read",
    sortOptions = false,
    description = "Print events that exist now: all, one source's, or a filter's.",
    footer = {
      "",
      "Examples:",
      "  varve read --source account-7",
      "  varve read --backward --limit 10",
      "  varve read --json --filter '{\"anyOf\":[{\"types\":[\"MoneyDeposited\"]}]}' --from 1001"
    })
final class ReadCommand extends ClientCommand {

  /** How often it is noticed that nobody reads the output any more, in events. */
  private static final int CHECK_EVERY = 1_000;

  @Mixin private Selection selection = new Selection();

  @Option(
      names = "--from",
      paramLabel = "P",
      description = "Start with this position. Default: the first event, or backward the last.")
  private @Nullable Long from;

  @Option(names = "--limit", paramLabel = "N", description = "At most this many events.")
  private @Nullable Long limit;

  @Option(names = "--backward", description = "Newest first.")
  private boolean backward;

  @Option(
      names = "--local",
      description = "Accept what the answering node has applied, without asking the leader.")
  private boolean local;

  ReadCommand(GlobalOptions globals, Console console) {
    super(globals, console);
  }

  @Override
  void check() {
    selection.check();
    if (from != null && from < 1) {
      throw new UsageException("--from: the first position is 1: " + from);
    }
    if (limit != null && limit < 1) {
      throw new UsageException("--limit must be 1 or more: " + limit);
    }
  }

  @Override
  ExitCode run(VarveClient client, Output output) {
    ReadOptions.Builder options = ReadOptions.builder();
    selection.source().ifPresent(options::source);
    selection.filter().ifPresent(options::filter);
    if (from != null) {
      options.fromPosition(from);
    }
    if (limit != null) {
      options.limit(limit);
    }
    if (backward) {
      options.backward();
    }
    if (local) {
      options.consistency(ReadConsistency.local());
    }
    long count = 0;
    try (EventStream events = client.read(options.build())) {
      for (Event event : events) {
        output.event(event);
        if (++count % CHECK_EVERY == 0 && output.abandoned()) {
          break;
        }
      }
    }
    return ExitCode.DONE;
  }
}
