package io.varve.node.ops;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.GlobalEventExecutor;
import io.netty.util.concurrent.ScheduledFuture;
import io.varve.node.cluster.HostAndPort;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * The admin port: {@code /live}, {@code /ready} and {@code /metrics} over plain HTTP.
 *
 * <p>One thread serves all connections and never waits for any of them, so that slow or silent
 * callers cannot keep a probe from its answer; another one renders metrics. A connection carries
 * one request and lasts for a bounded time. It reads nothing but the request line and changes
 * nothing: it has no secrets, and no authentication.
 */
public final class AdminServer implements AutoCloseable {

  private static final int MAX_REQUEST_LINE_BYTES = 2_048;
  private static final int MAX_HEADER_BYTES = 16 << 10;
  private static final int MAX_BODY_BYTES = 1_024;

  /** How many requests for metrics may wait for the one before. */
  private static final int WAITING_SCRAPES = 8;

  private final EventLoopGroup group;
  private final Channel listener;
  private final ChannelGroup connections;
  private final ThreadPoolExecutor renderer;

  private AdminServer(
      EventLoopGroup group,
      Channel listener,
      ChannelGroup connections,
      ThreadPoolExecutor renderer) {
    this.group = group;
    this.listener = listener;
    this.connections = connections;
    this.renderer = renderer;
  }

  /**
   * Starts serving.
   *
   * @param listen where; the host may be a wildcard, the port 0
   * @param health what {@code /live} and {@code /ready} ask
   * @param metrics renders the metrics; may take a while
   * @throws UncheckedIOException if the address cannot be bound
   */
  public static AdminServer start(
      HostAndPort listen, AdminOptions options, NodeHealth health, Supplier<String> metrics) {
    EventLoopGroup group =
        new MultiThreadIoEventLoopGroup(
            1, new DefaultThreadFactory("varve-admin", true), NioIoHandler.newFactory());
    ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    ThreadPoolExecutor renderer =
        new ThreadPoolExecutor(
            1,
            1,
            10,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(WAITING_SCRAPES),
            new DefaultThreadFactory("varve-admin-metrics", true));
    renderer.allowCoreThreadTimeOut(true);
    ServerBootstrap bootstrap =
        new ServerBootstrap()
            .group(group)
            .channel(NioServerSocketChannel.class)
            .option(ChannelOption.SO_REUSEADDR, true)
            .option(ChannelOption.SO_BACKLOG, options.maxConnections())
            .childHandler(
                new ChannelInitializer<SocketChannel>() {
                  @Override
                  protected void initChannel(SocketChannel connection) {
                    if (connections.size() >= options.maxConnections()) {
                      drop(connection);
                      return;
                    }
                    connections.add(connection);
                    ScheduledFuture<?> timeout =
                        connection
                            .eventLoop()
                            .schedule(
                                () -> drop(connection),
                                options.requestTimeout().toMillis(),
                                TimeUnit.MILLISECONDS);
                    var unused =
                        connection.closeFuture().addListener(closed -> timeout.cancel(false));
                    connection
                        .pipeline()
                        .addLast(
                            new HttpServerCodec(
                                MAX_REQUEST_LINE_BYTES, MAX_HEADER_BYTES, MAX_BODY_BYTES),
                            new HttpObjectAggregator(MAX_BODY_BYTES, true),
                            new AdminHandler(health, metrics, renderer));
                  }
                });
    try {
      Channel listener =
          bootstrap
              .bind(new InetSocketAddress(listen.host(), listen.port()))
              .syncUninterruptibly()
              .channel();
      return new AdminServer(group, listener, connections, renderer);
    } catch (Exception e) {
      // Netty throws the checked exception of the bind as it is.
      stop(group, renderer);
      throw new UncheckedIOException(
          "the admin port cannot listen on " + listen.text() + ": " + e.getMessage(),
          e instanceof IOException io ? io : new IOException(e));
    }
  }

  /** The port it listens on. */
  public int port() {
    return ((InetSocketAddress) listener.localAddress()).getPort();
  }

  /** Stops listening and drops every connection. */
  @Override
  public void close() {
    listener.close().syncUninterruptibly();
    connections.close().awaitUninterruptibly(1, TimeUnit.SECONDS);
    stop(group, renderer);
  }

  private static void drop(Channel connection) {
    var unused = connection.close();
  }

  private static void stop(EventLoopGroup group, ThreadPoolExecutor renderer) {
    renderer.shutdownNow();
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
  }
}
