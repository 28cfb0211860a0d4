package io.varve.client.commands;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.Event;
import io.varve.client.EventStream;
import io.varve.client.ReadOptions;
import io.varve.client.RealNode;
import io.varve.client.VarveClient;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What tests of commands share: a real log, a client, commands. */
abstract class CommandTest {

  @RegisterExtension static final RealNode NODE = new RealNode();

  final VarveClient client = NODE.client();
  final Commands commands = Commands.of(client);

  static EventSourceId id(String prefix) {
    return EventSourceId.of(NODE.unique(prefix));
  }

  CommandResult.Appended appended(Object command) {
    return appended(commands.execute(command));
  }

  static CommandResult.Appended appended(CommandResult result) {
    assertThat(result).isInstanceOf(CommandResult.Appended.class);
    return (CommandResult.Appended) result;
  }

  static CommandResult.ConcurrencyViolation violation(CommandResult result) {
    assertThat(result).isInstanceOf(CommandResult.ConcurrencyViolation.class);
    return (CommandResult.ConcurrencyViolation) result;
  }

  List<Event> events(EventSourceId source) {
    try (EventStream events = client.read(ReadOptions.ofSource(source.value()))) {
      return events.stream().toList();
    }
  }

  Event at(long position) {
    try (EventStream events =
        client.read(ReadOptions.builder().fromPosition(position).limit(1).build())) {
      return events.iterator().next();
    }
  }

  static <T> T get(CompletableFuture<T> future) {
    try {
      return future.get(120, TimeUnit.SECONDS);
    } catch (InterruptedException | TimeoutException | ExecutionException failed) {
      throw new AssertionError(failed);
    }
  }

  static Throwable failure(CompletableFuture<?> future) {
    try {
      throw new AssertionError("did not fail: " + future.get(120, TimeUnit.SECONDS));
    } catch (ExecutionException failed) {
      return failed.getCause();
    } catch (InterruptedException | TimeoutException failed) {
      throw new AssertionError(failed);
    }
  }
}
