package io.varve.cli;

import io.varve.client.VarveException;
import io.varve.client.json.JsonSyntaxException;
import io.varve.client.json.ResultJson;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import org.slf4j.bridge.SLF4JBridgeHandler;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The {@code varve} program. */
@Command(
    name = "varve",
    description = "Varve, a clustered log database: one ordered, replicated log.",
    synopsisSubcommandLabel = "COMMAND",
    sortOptions = false,
    footer = {
      "",
      "Exit codes: 0 done, 1 refused or invalid, 2 usage, 3 conflict,",
      "4 unavailable or deadline, 5 outcome unknown."
    })
public final class Varve implements Callable<Integer> {

  @Mixin private final GlobalOptions globals = new GlobalOptions();

  @Spec private CommandSpec spec = CommandSpec.create();

  private Varve() {}

  /** Runs a command and exits with its code. */
  public static void main(String[] args) {
    SLF4JBridgeHandler.removeHandlersForRootLogger();
    SLF4JBridgeHandler.install();
    Lifetime.OfProcess lifetime = new Lifetime.OfProcess();
    int code = run(Console.system(lifetime), args);
    lifetime.exit(code);
  }

  /** Runs a command and returns its exit code. */
  static int run(Console console, String... args) {
    Varve varve = new Varve();
    CommandLine line = varve.commandLine(console);
    int code = line.execute(args);
    console.out().flush();
    console.err().flush();
    return code;
  }

  @Override
  public Integer call() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }

  private CommandLine commandLine(Console console) {
    CommandLine line = new CommandLine(this);
    line.addSubcommand(new DemoCommand(globals, console))
        .addSubcommand(new NodeCommand(console))
        .addSubcommand(new GatewayCommand(console))
        .addSubcommand(new AppendCommand(globals, console))
        .addSubcommand(new ReadCommand(globals, console))
        .addSubcommand(new TailCommand(globals, console))
        .addSubcommand(new SourceCommand(globals, console))
        .addSubcommand(new HeadCommand(globals, console))
        .addSubcommand(new LatestCommand(globals, console))
        .addSubcommand(new ImportCommand(globals, console))
        .addSubcommand(new ExportCommand(globals, console))
        .addSubcommand(new VerifyCommand(globals, console))
        .addSubcommand(
            new CommandLine(new ClusterCommand())
                .addSubcommand(new ClusterDescribeCommand(globals, console)))
        .addSubcommand(
            new CommandLine(new TokenCommand())
                .addSubcommand(new TokenKeygenCommand(globals, console))
                .addSubcommand(new TokenRegisterCommand(globals, console))
                .addSubcommand(new TokenGrantCommand(globals, console))
                .addSubcommand(new TokenRevokeCommand(globals, console))
                .addSubcommand(new TokenListCommand(globals, console)))
        .addSubcommand(
            new CommandLine(new BenchCommand())
                .addSubcommand(new BenchAppendCommand(globals, console))
                .addSubcommand(new BenchReadCommand(globals, console))
                .addSubcommand(new BenchSubscribeCommand(globals, console))
                .addSubcommand(new BenchGatewayCommand(globals, console)))
        .addSubcommand(new CompletionCommand(console));
    line.setOut(new PrintWriter(console.out(), true, StandardCharsets.UTF_8));
    line.setErr(new PrintWriter(console.err(), true, StandardCharsets.UTF_8));
    line.setColorScheme(CommandLine.Help.defaultColorScheme(Ansi.OFF));
    line.setUsageHelpWidth(100);
    // "@FILE" is a payload here, not a file of arguments.
    line.setExpandAtFiles(false);
    line.setAbbreviatedOptionsAllowed(false);
    line.setParameterExceptionHandler((error, wrong) -> usage(console, error));
    line.setExecutionExceptionHandler((error, command, result) -> failed(console, command, error));
    return line;
  }

  private int usage(Console console, ParameterException error) {
    String command = error.getCommandLine().getCommandSpec().qualifiedName();
    return report(
        console,
        ExitCode.USAGE,
        "USAGE",
        error.getMessage() + "\nTry '" + command + " --help'.",
        "");
  }

  private int failed(Console console, CommandLine command, Exception error) {
    Throwable cause = error;
    while (cause instanceof CompletionException && cause.getCause() != null) {
      cause = cause.getCause();
    }
    if (cause instanceof CommandException refused) {
      return report(console, refused.exit(), refused.code(), refused.getMessage(), refused.field());
    }
    if (cause instanceof VarveException answered) {
      String code = answered.code().name();
      return report(console, exit(answered), code, answered.getMessage(), answered.field());
    }
    if (cause instanceof UsageException || cause instanceof JsonSyntaxException) {
      return usage(console, new ParameterException(command, cause.getMessage()));
    }
    // A fault of our own: whoever reports it needs to say where it was.
    cause.printStackTrace(console.err());
    return report(console, ExitCode.REFUSED, "INTERNAL", cause.toString(), "");
  }

  /** Errors stand on standard error; for programs also, as JSON, among the results. */
  private int report(Console console, ExitCode exit, String code, String message, String field) {
    boolean named = field.isEmpty() || message.contains(field);
    console.err().println("varve: " + message + (named ? "" : " [" + field + "]"));
    if (globals.json()) {
      console.out().println(ResultJson.error(code, message, field));
    }
    return exit.code();
  }

  /** How a command ends that fails with this error. */
  static ExitCode exit(VarveException error) {
    return switch (error.code()) {
      case CONFLICT -> ExitCode.CONFLICT;
      case OUTCOME_UNKNOWN -> ExitCode.UNKNOWN;
      case UNAVAILABLE, DEADLINE_EXCEEDED, OVERLOADED -> ExitCode.UNAVAILABLE;
      default -> ExitCode.REFUSED;
    };
  }
}
