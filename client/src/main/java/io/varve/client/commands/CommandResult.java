package io.varve.client.commands;

import io.varve.client.AppendResult.FailedCondition;
import io.varve.client.Condition;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** What became of a command. Everything else is an exception. */
public sealed interface CommandResult {

  /**
   * What the log checked, all of it at once and against exactly the state just before the command's
   * own events: the declared scope first, then what {@code handle()} read. Empty = no concurrency
   * check was made.
   */
  List<Condition> checks();

  /** Whether a concurrency check was made. */
  default boolean concurrencyChecked() {
    return !checks().isEmpty();
  }

  /**
   * The events landed, adjacent and in order; or there were none, and then nothing was checked
   * either.
   *
   * @param checks what the log checked. Empty also if this is the original answer to an append id
   *     that was found to have landed before {@code handle()} was asked
   * @param eventSourceId the event source of the first event; empty = there were no events
   * @param firstPosition position of the first event; 0 = there were none
   * @param lastPosition position of the last event; 0 = there were none
   * @param versions each touched source's new version, in the order first touched
   * @param recorded when the log recorded them; empty = there were none
   * @param replayed whether an earlier attempt of the same append id had landed already
   */
  record Appended(
      List<Condition> checks,
      Optional<EventSourceId> eventSourceId,
      long firstPosition,
      long lastPosition,
      Map<String, Long> versions,
      Optional<Instant> recorded,
      boolean replayed)
      implements CommandResult {
    public Appended {
      checks = List.copyOf(checks);
      Objects.requireNonNull(eventSourceId, "eventSourceId");
      versions = Collections.unmodifiableMap(new LinkedHashMap<>(versions));
      Objects.requireNonNull(recorded, "recorded");
    }
  }

  /**
   * Something the decision rests on changed before it could land. Nothing was appended.
   *
   * @param checks what the log checked
   * @param failed each check that failed, with what was expected and what was found, in the order
   *     of {@code checks}; never empty
   * @param attempts how often the decision was made; 1 or more
   */
  record ConcurrencyViolation(List<Condition> checks, List<FailedCondition> failed, int attempts)
      implements CommandResult {
    public ConcurrencyViolation {
      checks = List.copyOf(checks);
      failed = List.copyOf(failed);
    }
  }

  /**
   * {@code handle()} decided against. Nothing was appended, and nothing was checked.
   *
   * @param rejection what it returned
   */
  record Rejected(Rejection rejection) implements CommandResult {
    public Rejected {
      Objects.requireNonNull(rejection, "rejection");
    }

    @Override
    public List<Condition> checks() {
      return List.of();
    }
  }

  /**
   * The command was executed by another one's {@code handle()} and joined its append: its events
   * will land together with the outer command's, or not at all, which only the outer command's
   * result can say. Never the result of a command that is executed by itself.
   *
   * @param checks what this command adds to what the outer append checks
   * @param eventSourceId the event source of its first event; empty = it has none
   * @param events how many events it adds
   */
  record Joined(List<Condition> checks, Optional<EventSourceId> eventSourceId, int events)
      implements CommandResult {
    public Joined {
      checks = List.copyOf(checks);
      Objects.requireNonNull(eventSourceId, "eventSourceId");
    }
  }
}
