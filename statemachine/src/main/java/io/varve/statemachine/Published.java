package io.varve.statemachine;

import io.varve.statemachine.store.LogSettings;
import io.varve.statemachine.store.StoreState;
import java.util.Optional;

/** What a core lets readers see: always of one applied entry. */
record Published(StoreState state, Optional<LogSettings> settings) {

  long head() {
    return state.head();
  }

  long recordedMicros() {
    return state.recordedMicros();
  }

  long appliedIndex() {
    return state.appliedIndex();
  }
}
