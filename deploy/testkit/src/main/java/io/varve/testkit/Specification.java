package io.varve.testkit;

import io.varve.client.NewEvent;
import io.varve.client.VarveClient;
import io.varve.client.commands.Command;
import io.varve.client.commands.CommandResult;
import io.varve.client.commands.Commands;
import io.varve.client.commands.EventForEventSourceId;
import io.varve.client.serialization.EventCodec;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Says what a command does, by examples: given what has happened, when this command is executed,
 * then these events land, or the log refuses it, or it decides against.
 *
 * <pre>{@code
 * specification
 *     .given(new AccountOpened(account), new MoneyDeposited(account, 100))
 *     .when(new WithdrawMoney(account, 40))
 *     .thenEvents(new MoneyWithdrawn(account, 40));
 * }</pre>
 *
 * <p>Nothing is simulated: the events are appended to an {@link EmbeddedVarve}, and the command is
 * executed by {@link Commands}. {@link Given#meanwhile} lets others write between the moment the
 * command has decided and the moment its events are appended.
 *
 * <p>What may be given:
 *
 * <ul>
 *   <li>an object of an event class: it is appended to the event source that its one component of
 *       type {@code EventSourceId} names, without labels;
 *   <li>{@link EventForEventSourceId}: the same with another event source;
 *   <li>a command ({@link Command}): it is executed, so its events carry the labels that it gives
 *       them. Scopes are about labels: give commands where a scope is to see something;
 *   <li>{@link NewEvent}: as it is.
 * </ul>
 *
 * <p>A test that {@link VarveTest} gives a specification has a log of its own, which is empty. Not
 * thread-safe.
 */
public final class Specification {

  private final VarveClient client;
  private final Optional<EventCodec> codec;

  private Specification(VarveClient client, Optional<EventCodec> codec) {
    this.client = client;
    this.codec = codec;
  }

  /**
   * Specifications run by a client, of a log in which nothing else happens at the time. Events are
   * JSON; their classes carry {@code @EventType} and are known from what is given and expected, and
   * from what the {@code handle()} of the commands declares to return.
   */
  public static Specification with(VarveClient client) {
    return new Specification(Objects.requireNonNull(client, "client"), Optional.empty());
  }

  /**
   * The same, with the application's own serialization: needed for upcasters, other formats,
   * classes that do not carry {@code @EventType}, and those that only an {@code Object} returned by
   * {@code handle()} tells of.
   */
  public Specification codec(EventCodec codec) {
    return new Specification(client, Optional.of(codec));
  }

  /**
   * What has happened, in this order. Nothing, if nothing is named.
   *
   * @param happened events and commands, see above
   */
  public Given given(Object... happened) {
    return new Given(List.of(happened), List.of());
  }

  /** What has happened before the command, and what happens while it decides. */
  public final class Given {
    private final List<Object> before;
    private final List<Object> meanwhile;

    private Given(List<Object> before, List<Object> meanwhile) {
      this.before = before;
      this.meanwhile = meanwhile;
    }

    /**
     * What others append after the command has decided and before its events are appended: the
     * interleaving a concurrency check is there for. The example fails if the command appends
     * nothing, because then there is no such moment.
     *
     * @param happens events and commands, as for {@link Specification#given}
     */
    public Given meanwhile(Object... happens) {
      List<Object> all = new ArrayList<>(meanwhile);
      all.addAll(List.of(happens));
      return new Given(before, List.copyOf(all));
    }

    /**
     * Lets all this happen and executes the command.
     *
     * @throws AssertionError if what is given cannot be appended
     */
    public Outcome when(Object command) {
      Objects.requireNonNull(command, "command");
      EventClasses types = EventClasses.of(codec).with(before).with(meanwhile).withCommand(command);
      History history = new History(client, types.codec());
      before.forEach(given -> history.happens("given", given));

      Interleaving interleaving =
          new Interleaving(
              client, () -> meanwhile.forEach(given -> history.happens("meanwhile", given)));
      Commands commands = Commands.builder(interleaving.client()).codec(types.codec()).build();
      Optional<CommandResult> result = Optional.empty();
      Optional<Throwable> failure = Optional.empty();
      try {
        result = Optional.of(commands.execute(command));
      } catch (AssertionError e) {
        throw e; // of what happens meanwhile
      } catch (RuntimeException e) {
        failure = Optional.of(e);
      }
      if (!meanwhile.isEmpty() && !interleaving.happened()) {
        throw new AssertionError(
            "nothing could happen meanwhile, because "
                + command
                + " appended nothing: "
                + (result.isPresent() ? result.get() : failure.orElseThrow()));
      }
      return new Outcome(command, client, types, result, failure);
    }
  }
}
