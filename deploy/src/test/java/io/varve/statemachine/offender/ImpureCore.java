package io.varve.statemachine.offender;

import io.grpc.Status;
import io.varve.node.cluster.MemberConfig;
import io.varve.proto.v1.LogServiceGrpc;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongSupplier;
import org.apache.ratis.protocol.RaftPeerId;

/** Does everything the core must not do. */
@SuppressWarnings("StringCaseLocaleUsage") // on purpose: that is one of the offences
public final class ImpureCore {
  private ImpureCore() {}

  static List<Object> everything() {
    LongSupplier clock = System::nanoTime;
    return List.of(
        clock.getAsLong(),
        Instant.now(),
        ThreadLocalRandom.current().nextInt(),
        Locale.getDefault(),
        System.getenv(),
        String.format("%d", 1),
        "I".toLowerCase(),
        RaftPeerId.valueOf("n1"),
        Status.OK,
        LogServiceGrpc.SERVICE_NAME,
        LogServiceGrpc.getServiceDescriptor(),
        new MemberConfig("n1", "127.0.0.1:1", "127.0.0.1:2"));
  }

  static String pure() {
    return String.format(Locale.ROOT, "%d", 1) + "I".toLowerCase(Locale.ROOT);
  }
}
