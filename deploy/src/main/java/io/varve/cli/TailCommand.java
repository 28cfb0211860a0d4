package io.varve.cli;

import io.varve.client.Event;
import io.varve.client.SubscribeOptions;
import io.varve.client.SubscriptionItem;
import io.varve.client.SubscriptionStream;
import io.varve.client.VarveClient;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code varve tail}: events that exist and those to come. */
@Command(
    name = "tail",
    sortOptions = false,
    description = "Print events that exist, then those to come, until interrupted.",
    footer = {
      "",
      "Goes on by itself with another node when one is lost.",
      "",
      "Examples:",
      "  varve tail --from head",
      "  varve tail --json --source account-7 --limit 2",
      "  varve tail --filter '{\"anyOf\":[{\"tags\":[\"branch:oslo\"]}]}'"
    })
final class TailCommand extends ClientCommand {

  /** With nothing new for this long, what was printed is made visible. */
  private static final Duration QUIET = Duration.ofMillis(20);

  /** How often it is noticed that nobody reads the output any more. */
  private static final Duration CHECK = Duration.ofSeconds(1);

  private static final String HEAD = "head";

  @Mixin private Selection selection = new Selection();

  @Option(
      names = "--from",
      paramLabel = "P|head",
      description =
          "Start with this position; 'head' = only events to come. Default: the first event.")
  private @Nullable String from;

  @Option(names = "--limit", paramLabel = "N", description = "End after this many events.")
  private @Nullable Long limit;

  TailCommand(GlobalOptions globals, Console console) {
    super(globals, console);
  }

  @Override
  void check() {
    selection.check();
    if (limit != null && limit < 1) {
      throw new UsageException("--limit must be 1 or more: " + limit);
    }
    start(SubscribeOptions.builder());
  }

  @Override
  ExitCode run(VarveClient client, Output output) {
    SubscribeOptions.Builder options = SubscribeOptions.builder();
    selection.source().ifPresent(options::source);
    selection.filter().ifPresent(options::filter);
    start(options);
    AtomicBoolean stopped = new AtomicBoolean();
    output
        .console()
        .lifetime()
        .onStop(
            () -> {
              stopped.set(true);
              output.flush();
            });
    try (SubscriptionStream stream = client.follow(options.build())) {
      print(stream, output, stopped);
    }
    return ExitCode.DONE;
  }

  private void print(SubscriptionStream stream, Output output, AtomicBoolean stopped) {
    long left = limit == null ? Long.MAX_VALUE : limit;
    boolean unseen = false;
    while (left > 0 && !stopped.get()) {
      Optional<SubscriptionItem> item = stream.poll(unseen ? QUIET : CHECK);
      if (item.isEmpty() || item.get() instanceof SubscriptionItem.CaughtUp) {
        if (output.abandoned()) { // Flushes, too.
          return;
        }
        unseen = false;
      } else if (item.get() instanceof Event event) {
        output.event(event);
        unseen = true;
        left--;
      }
    }
  }

  private void start(SubscribeOptions.Builder options) {
    if (from == null) {
      return;
    }
    if (from.equals(HEAD)) {
      options.afterHead();
      return;
    }
    try {
      long position = Long.parseLong(from);
      if (position >= 1) {
        options.afterPosition(position - 1);
        return;
      }
    } catch (NumberFormatException e) {
      // Said below.
    }
    throw new UsageException("--from is a position (1 or more) or 'head': " + from);
  }
}
