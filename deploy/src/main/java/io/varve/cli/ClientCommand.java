package io.varve.cli;

import io.varve.client.VarveClient;
import java.util.concurrent.Callable;

/** A command that speaks to a cluster. */
abstract class ClientCommand implements Callable<Integer> {
  private final GlobalOptions globals;
  private final Console console;

  ClientCommand(GlobalOptions globals, Console console) {
    this.globals = globals;
    this.console = console;
  }

  @Override
  public final Integer call() throws InterruptedException {
    Output output = new Output(console, globals.json());
    check();
    VarveClient client;
    try {
      client = configure(globals.client(console.environment())).build();
    } catch (IllegalArgumentException e) {
      throw new UsageException("--target: " + e.getMessage());
    }
    try (client) {
      ExitCode exit = run(client, output);
      output.flush();
      return exit.code();
    }
  }

  /** Starts building a client like this command's, but of other nodes. */
  final VarveClient.Builder client(String target) {
    return globals.client(console.environment(), target);
  }

  /** Refuses options that contradict each other, before anything is connected. */
  void check() {}

  /** Adjusts the client to the command. */
  VarveClient.Builder configure(VarveClient.Builder builder) {
    return builder;
  }

  /** Does it. */
  abstract ExitCode run(VarveClient client, Output output) throws InterruptedException;
}
