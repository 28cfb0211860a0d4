package io.varve.client.internal;

import io.grpc.ChannelCredentials;
import io.grpc.ClientInterceptor;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.TlsChannelCredentials;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.EventExecutorGroup;
import io.netty.util.concurrent.Future;
import io.varve.client.TlsOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The client's threads and how it connects.
 *
 * <p>One thread carries the append stream and nothing else, so that neither a bulk read nor a slow
 * subscriber is ever in the way of an append; a second pool of two carries everything else. All are
 * daemons.
 */
final class Transport {

  private static final Logger LOG = LoggerFactory.getLogger(Transport.class);

  /** Larger than any batch of events a node sends. */
  private static final int MAX_MESSAGE_BYTES = 64 << 20;

  /** What may lie unread on one connection. */
  private static final int WINDOW_BYTES = 2 << 20;

  /** A node that is gone without a word is noticed after this and {@link #KEEPALIVE_TIMEOUT}. */
  private static final Duration KEEPALIVE = Duration.ofSeconds(10);

  private static final Duration KEEPALIVE_TIMEOUT = Duration.ofSeconds(5);

  private static final int NETWORK_THREADS = 2;

  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  private final EventLoopGroup appendGroup;
  private final EventLoop appendLoop;
  private final EventLoopGroup networkGroup;
  private final ChannelCredentials credentials;
  private final List<ClientInterceptor> interceptors;
  private final Set<ManagedChannel> channels = ConcurrentHashMap.newKeySet();
  private final Duration connectTimeout;

  Transport(Optional<TlsOptions> tls, Optional<String> token, Duration connectTimeout) {
    this.credentials =
        tls.map(Transport::credentials).orElseGet(InsecureChannelCredentials::create);
    this.interceptors = token.map(Transport::authorization).stream().toList();
    this.connectTimeout = connectTimeout;
    this.appendGroup = group(1, "varve-client-append");
    this.appendLoop = appendGroup.next();
    this.networkGroup = group(NETWORK_THREADS, "varve-client-network");
  }

  private static EventLoopGroup group(int threads, String name) {
    return new MultiThreadIoEventLoopGroup(
        threads, new DefaultThreadFactory(name, true), NioIoHandler.newFactory());
  }

  private static ChannelCredentials credentials(TlsOptions tls) {
    TlsChannelCredentials.Builder builder = TlsChannelCredentials.newBuilder();
    try {
      if (tls.trustedCertificates().isPresent()) {
        builder.trustManager(tls.trustedCertificates().get().toFile());
      }
      if (tls.certificateChain().isPresent()) {
        Path key = tls.privateKey().orElseThrow();
        builder.keyManager(tls.certificateChain().get().toFile(), key.toFile());
      }
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
    return builder.build();
  }

  private static ClientInterceptor authorization(String token) {
    Metadata headers = new Metadata();
    headers.put(AUTHORIZATION, "Bearer " + token);
    return MetadataUtils.newAttachHeadersInterceptor(headers);
  }

  /** The thread of the append stream. */
  EventLoop appendLoop() {
    return appendLoop;
  }

  /** A thread for everything else. */
  EventLoop networkLoop() {
    return networkGroup.next();
  }

  /** A connection for an append stream. */
  ManagedChannel appendChannel(Address address) {
    return channel(address, appendGroup);
  }

  /** A connection for anything else. */
  ManagedChannel networkChannel(Address address) {
    return channel(address, networkGroup);
  }

  private ManagedChannel channel(Address address, EventLoopGroup group) {
    // Those that have ended since are swept here, so the set stays as small as what is in use.
    channels.removeIf(ManagedChannel::isTerminated);
    ManagedChannel channel = newChannel(address, group);
    channels.add(channel);
    return channel;
  }

  private ManagedChannel newChannel(Address address, EventLoopGroup group) {
    return NettyChannelBuilder.forAddress(address.host(), address.port(), credentials)
        .intercept(interceptors)
        .eventLoopGroup(group)
        .channelType(NioSocketChannel.class)
        .withOption(
            ChannelOption.CONNECT_TIMEOUT_MILLIS,
            (int) Math.min(connectTimeout.toMillis(), Integer.MAX_VALUE))
        // Callbacks run on the network thread itself: a hop to another costs more than they do.
        .directExecutor()
        // Retrying is this client's business: it knows what may be repeated.
        .disableRetry()
        .disableServiceConfigLookUp()
        // Fixed: measuring the line instead costs a ping for every burst, and memory beyond bounds.
        .flowControlWindow(WINDOW_BYTES)
        .maxInboundMessageSize(MAX_MESSAGE_BYTES)
        .keepAliveTime(KEEPALIVE.toMillis(), TimeUnit.MILLISECONDS)
        .keepAliveTimeout(KEEPALIVE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
        .build();
  }

  /**
   * Runs a task later, on the given thread.
   *
   * @return false if the client is closed and it never will
   */
  static boolean later(EventExecutor thread, Runnable task, long nanos) {
    try {
      Future<?> unused = thread.schedule(guarded(task), Math.max(0, nanos), TimeUnit.NANOSECONDS);
      return true;
    } catch (RejectedExecutionException closed) {
      return false;
    }
  }

  /** A fault of ours must show: a network thread itself would swallow it. */
  static Runnable guarded(Runnable task) {
    return () -> {
      try {
        task.run();
      } catch (RuntimeException | AssertionError fault) {
        LOG.error("a fault in the client", fault);
        throw fault;
      }
    };
  }

  Duration connectTimeout() {
    return connectTimeout;
  }

  /** Whether the calling thread is one of the client's own, which must never wait. */
  boolean onOwnThread() {
    return isIn(appendGroup) || isIn(networkGroup);
  }

  /**
   * Refuses to wait on one of the client's own threads.
   *
   * @throws IllegalStateException if this is one
   */
  void requireMayWait() {
    if (onOwnThread()) {
      throw new IllegalStateException(
          "this is one of the client's own threads, which must not wait; see VarveClient");
    }
  }

  private static boolean isIn(EventExecutorGroup group) {
    for (EventExecutor executor : group) {
      if (executor.inEventLoop()) {
        return true;
      }
    }
    return false;
  }

  /** Ends connections and threads, waiting a moment for them unless this is one of them. */
  void close() {
    boolean wait = !onOwnThread();
    channels.forEach(ManagedChannel::shutdownNow);
    if (wait) {
      // Their last words need the threads.
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(1);
      try {
        for (ManagedChannel channel : channels) {
          boolean unused =
              channel.awaitTermination(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
        }
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
      }
    }
    // No quiet period: nothing is submitted any more, and a caller of close() waits for this.
    Future<?> appends = appendGroup.shutdownGracefully(0, 2, TimeUnit.SECONDS);
    Future<?> network = networkGroup.shutdownGracefully(0, 2, TimeUnit.SECONDS);
    if (wait) {
      try {
        if (!appends.await(2, TimeUnit.SECONDS) || !network.await(2, TimeUnit.SECONDS)) {
          LOG.warn("the client's network threads are still busy, perhaps in a caller's code");
        }
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
