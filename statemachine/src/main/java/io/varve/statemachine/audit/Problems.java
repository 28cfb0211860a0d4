package io.varve.statemachine.audit;

import io.varve.statemachine.StoreAudit;
import java.util.ArrayList;
import java.util.List;

/** Problems found: the first {@value StoreAudit#MOST_PROBLEMS}, and how many there are. */
final class Problems {

  private final List<String> listed = new ArrayList<>();
  private long count;

  void add(String problem) {
    count++;
    if (listed.size() < StoreAudit.MOST_PROBLEMS) {
      listed.add(problem);
    }
  }

  List<String> listed() {
    return listed;
  }

  long count() {
    return count;
  }
}
