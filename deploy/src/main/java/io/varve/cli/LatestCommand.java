package io.varve.cli;

import io.varve.client.Event;
import io.varve.client.LatestOptions;
import io.varve.client.Paged;
import io.varve.client.ReadConsistency;
import io.varve.client.VarveClient;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code varve latest}: the newest event of each of a source's keys. */
@Command(
    name = "latest",
    sortOptions = false,
    description = "Print the newest event of each of a source's keys: its state, last write wins.",
    footer = {
      "",
      "Keys come in the order of their bytes; a key whose newest event is a tombstone is left out.",
      "Nothing is older than the position that is told last: following the source from behind it",
      "misses nothing.",
      "",
      "Examples:",
      "  varve latest canvas-3",
      "  varve latest canvas-3 --prefix cell:12: --json",
      "  varve tail --source canvas-3 --from 4711"
    })
final class LatestCommand extends ClientCommand {

  /** How often it is noticed that nobody reads the output any more, in events. */
  private static final int CHECK_EVERY = 1_000;

  @Parameters(paramLabel = "S", description = "The event source.")
  private String source = "";

  @Option(
      names = "--prefix",
      paramLabel = "P",
      description = "Only keys that begin with this. Default: all.")
  private String prefix = "";

  @Option(
      names = "--local",
      description = "Accept what the answering node has applied, without asking the leader.")
  private boolean local;

  LatestCommand(GlobalOptions globals, Console console) {
    super(globals, console);
  }

  @Override
  ExitCode run(VarveClient client, Output output) {
    LatestOptions options =
        LatestOptions.builder(source)
            .keyPrefix(prefix)
            .consistency(local ? ReadConsistency.local() : ReadConsistency.linearizable())
            .build();
    try (Paged<Event> events = client.readLatest(options)) {
      long asOf = events.asOf();
      long keys = 0;
      for (Event event : events) {
        output.event(event);
        if (++keys % CHECK_EVERY == 0 && output.abandoned()) {
          return ExitCode.DONE;
        }
      }
      long count = keys;
      output.result(
          out -> {
            out.writeNumberField("keys", count);
            out.writeNumberField("asOf", asOf);
          },
          count + (count == 1 ? " key" : " keys") + ", as of position " + asOf);
    }
    return ExitCode.DONE;
  }
}
