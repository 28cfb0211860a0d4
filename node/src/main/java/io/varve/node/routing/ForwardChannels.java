package io.varve.node.routing;

import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/** One channel per node that was forwarded to. Thread-safe. */
final class ForwardChannels implements AutoCloseable {

  private final Function<String, ManagedChannel> connect;
  private final Map<String, ManagedChannel> channels = new ConcurrentHashMap<>();

  ForwardChannels(Function<String, ManagedChannel> connect) {
    this.connect = connect;
  }

  /** The channel to an address. */
  ManagedChannel to(String address) {
    ManagedChannel channel = channels.computeIfAbsent(address, connect);
    if (channel.getState(false) == ConnectivityState.TRANSIENT_FAILURE) {
      // Its own back-off grows to minutes; callers here already wait between attempts.
      channel.resetConnectBackoff();
    }
    return channel;
  }

  @Override
  public void close() {
    for (Iterator<ManagedChannel> i = channels.values().iterator(); i.hasNext(); ) {
      i.next().shutdownNow();
      i.remove();
    }
  }
}
