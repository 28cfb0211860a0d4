package io.varve.cli;

import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code varve completion}: what a shell needs to complete commands and flags. */
@Command(
    name = "completion",
    sortOptions = false,
    description = "Print a script that lets a shell complete varve's commands and flags.",
    footer = {
      "",
      "Examples:",
      "  source <(varve completion bash)          # in ~/.bashrc",
      "  source <(varve completion zsh)           # in ~/.zshrc"
    })
final class CompletionCommand implements Callable<Integer> {

  /** The shells it knows; picocli's one script serves both. */
  enum Shell {
    /** GNU Bash. */
    bash,
    /** The Z shell, through its bashcompinit, which the script loads. */
    zsh
  }

  @Parameters(paramLabel = "bash|zsh", description = "The shell.")
  private Shell shell = Shell.bash;

  @Spec private CommandSpec spec = CommandSpec.create();

  private final Console console;

  CompletionCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    console.out().println("# Completion of varve for " + shell + ".");
    console.out().println(AutoComplete.bash("varve", spec.root().commandLine()));
    return ExitCode.DONE.code();
  }
}
