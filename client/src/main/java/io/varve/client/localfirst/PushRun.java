package io.varve.client.localfirst;

import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * What to push next: neighbouring numbers.
 *
 * @param bufferId whose numbers they are
 * @param logIdentity the log they are meant for, once known
 * @param first the number of the first
 * @param events event JSON; an empty text is a void
 */
record PushRun(String bufferId, Optional<UUID> logIdentity, long first, List<String> events) {

  int size() {
    return events.size();
  }

  boolean isEmpty() {
    return events.isEmpty();
  }

  boolean contains(long number) {
    return number >= first && number - first < events.size();
  }

  long last() {
    return first + events.size() - 1;
  }
}
