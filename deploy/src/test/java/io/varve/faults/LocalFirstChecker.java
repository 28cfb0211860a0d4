package io.varve.faults;

import com.google.errorprone.annotations.FormatMethod;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Judges what local-first clients appended, and what they show in the end, against the log that was
 * read back when all was over:
 *
 * <ul>
 *   <li>each client's numbers are there 1 to n, each once, in order, and none that it did not give
 *       out;
 *   <li>each event is the one that was appended under its number;
 *   <li>every client's merged state is the newest event of each key, newest by position, without
 *       the keys whose newest is a tombstone;
 *   <li>nothing that a client showed came back after it had been replaced ({@link ShownOrder}).
 * </ul>
 */
final class LocalFirstChecker {
  private static final int MAX_FINDINGS_OF_A_KIND = 5;

  /**
   * One event as its client appended it.
   *
   * @param number its number in the buffer, from 1
   * @param key its key
   * @param data its payload, JSON without blanks; empty for a tombstone
   */
  record Written(long number, String key, String data) {}

  /**
   * One client when all was over.
   *
   * @param name for people
   * @param written what it appended, in order
   * @param state the payloads that it shows, by key
   * @param cameBack what {@link ShownOrder} found
   */
  record Client(
      String name,
      String clientId,
      String bufferId,
      List<Written> written,
      Map<String, String> state,
      List<String> cameBack) {}

  /** One event of the log, as far as it matters here; {@code data} is empty for a tombstone. */
  record Landed(
      long position, String clientId, String bufferId, long number, String key, String data) {}

  private final List<String> findings = new ArrayList<>();
  private final Map<String, Integer> kinds = new HashMap<>();

  private LocalFirstChecker() {}

  /**
   * Everything that is wrong, at most five findings of a kind; empty = all is as it must be.
   *
   * @param clients all clients that appended to the source; nothing may be pending any more
   * @param log the source's events, in the order of the log
   */
  static List<String> check(List<Client> clients, List<Landed> log) {
    LocalFirstChecker checker = new LocalFirstChecker();
    checker.checkNumbers(clients, log);
    checker.checkStates(clients, log);
    return checker.findings;
  }

  private void checkNumbers(List<Client> clients, List<Landed> log) {
    Map<String, List<Landed>> byBuffer = new LinkedHashMap<>();
    for (Landed event : log) {
      byBuffer
          .computeIfAbsent(event.clientId() + "/" + event.bufferId(), key -> new ArrayList<>())
          .add(event);
    }
    for (Client client : clients) {
      List<Landed> landed =
          Optional.ofNullable(byBuffer.remove(client.clientId() + "/" + client.bufferId()))
              .orElse(List.of());
      long next = 1;
      for (Landed event : landed) {
        if (event.number() < next) {
          found(
              "twice: number %d of %s is at position %d",
              event.number(), client.name(), event.position());
          continue;
        }
        if (event.number() > next) {
          found(
              "missing: %d to %d of %s are not before position %d",
              next, event.number() - 1, client.name(), event.position());
        }
        next = event.number() + 1;
        compare(client, event);
      }
      if (next != client.written().size() + 1L) {
        found(
            "missing: %s appended %d, and %d landed",
            client.name(), client.written().size(), next - 1);
      }
    }
    byBuffer.forEach(
        (buffer, events) ->
            found("invented: %d events of %s, which is nobody's", events.size(), buffer));
  }

  private void compare(Client client, Landed event) {
    Optional<Written> written =
        client.written().stream().filter(one -> one.number() == event.number()).findFirst();
    if (written.isEmpty()) {
      found("invented: %s never gave out number %d", client.name(), event.number());
    } else if (!written.get().key().equals(event.key())
        || !written.get().data().equals(event.data())) {
      found(
          "altered: number %d of %s: %s became %s",
          event.number(), client.name(), written.get(), event);
    }
  }

  private void checkStates(List<Client> clients, List<Landed> log) {
    Map<String, String> newest = new TreeMap<>();
    for (Landed event : log) {
      if (event.data().isEmpty()) {
        newest.remove(event.key());
      } else {
        newest.put(event.key(), event.data());
      }
    }
    for (Client client : clients) {
      client.cameBack().forEach(what -> found("came back: %s: %s", client.name(), what));
      if (!newest.equals(client.state())) {
        Map<String, String> other = new TreeMap<>(client.state());
        other.entrySet().removeAll(newest.entrySet());
        found(
            "state: %s shows %d keys of %d, %s of them otherwise",
            client.name(), client.state().size(), newest.size(), other);
      }
    }
  }

  @FormatMethod
  private void found(String format, Object... arguments) {
    String finding = String.format(format, arguments);
    String kind = finding.substring(0, finding.indexOf(':'));
    if (kinds.merge(kind, 1, Integer::sum) <= MAX_FINDINGS_OF_A_KIND) {
      findings.add(finding);
    }
  }
}
