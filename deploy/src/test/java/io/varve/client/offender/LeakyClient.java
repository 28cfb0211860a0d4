package io.varve.client.offender;

import io.grpc.Channel;
import io.varve.statemachine.Outcome;
import java.util.Optional;
import org.rocksdb.Options;

/** Shows and knows everything the client must not. */
public final class LeakyClient {
  private LeakyClient() {}

  /** Shows a gRPC type, hidden in a type argument. */
  public static Optional<Channel> channel() {
    return Optional.empty();
  }

  static Class<?> server() {
    return Options.class;
  }

  static Optional<Outcome> outcome() {
    return Optional.empty();
  }
}
