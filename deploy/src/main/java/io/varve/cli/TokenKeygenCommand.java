package io.varve.cli;

import io.varve.gateway.identity.IdentityFormatException;
import io.varve.gateway.identity.SigningKeys;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code varve token keygen}: makes the keys that gateways sign tokens with. */
@Command(
    name = "keygen",
    sortOptions = false,
    description = "Make a file with a key that gateways sign tokens with, or add a key to one.",
    footer = {
      "",
      "Every gateway of a cluster needs the same file. Its first key signs, all of them verify.",
      "",
      "Examples:",
      "  varve token keygen --out signing-keys.json",
      "  varve token keygen --out signing-keys.json --add"
    })
final class TokenKeygenCommand implements Callable<Integer> {

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FILE",
      description = "The file to write, readable by its owner only. One that exists is left alone.")
  private Path out = Path.of("");

  @Option(
      names = "--add",
      description = "Add a key at the end of a file that exists: it verifies and does not sign.")
  private boolean add;

  private final GlobalOptions globals;
  private final Console console;

  TokenKeygenCommand(GlobalOptions globals, Console console) {
    this.globals = globals;
    this.console = console;
  }

  @Override
  public Integer call() {
    String id;
    int keys;
    try {
      id = add ? SigningKeys.add(out) : SigningKeys.create(out);
      keys = SigningKeys.open(out, false).ids().size();
    } catch (IdentityFormatException e) {
      throw CommandException.invalid(String.valueOf(e.getMessage()), "--out");
    }
    Output output = new Output(console, globals.json());
    output.result(
        fields -> {
          fields.writeStringField("outcome", add ? "added" : "made");
          fields.writeStringField("file", out.toString());
          fields.writeStringField("kid", id);
          fields.writeNumberField("keys", keys);
        },
        (add ? "added key " + id + " to " : "made key " + id + " in ")
            + out
            + (add ? ", which has " + keys + " keys" : ""));
    output.flush();
    return ExitCode.DONE.code();
  }
}
