package io.varve.node.ops;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.QueryStringDecoder;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers the one request of a connection, and closes it. */
final class AdminHandler extends SimpleChannelInboundHandler<FullHttpRequest> {

  private static final Logger LOG = LoggerFactory.getLogger(AdminHandler.class);

  private static final String TEXT = "text/plain; charset=utf-8";
  private static final String EXPOSITION = "text/plain; version=0.0.4; charset=utf-8";
  private static final String INDEX =
      """
      /live     200 while the process is worth keeping
      /ready    200 while the node is of use: it knows a leader and has caught up
      /metrics  Prometheus text exposition
      """;

  private final NodeHealth health;
  private final Supplier<String> metrics;
  private final Executor renderer;

  AdminHandler(NodeHealth health, Supplier<String> metrics, Executor renderer) {
    this.health = health;
    this.metrics = metrics;
    this.renderer = renderer;
  }

  @Override
  protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
    boolean head = request.method().equals(HttpMethod.HEAD);
    if (request.decoderResult().isFailure()) {
      answer(context, HttpResponseStatus.BAD_REQUEST, TEXT, "this is not HTTP/1.1\n", false);
    } else if (!head && !request.method().equals(HttpMethod.GET)) {
      answer(context, HttpResponseStatus.METHOD_NOT_ALLOWED, TEXT, "only GET and HEAD\n", false);
    } else {
      switch (new QueryStringDecoder(request.uri()).rawPath()) {
        case "/live" -> health(context, "live", health.notLive(), head);
        case "/ready" -> health(context, "ready", health.notReady(), head);
        case "/metrics" -> metrics(context, head);
        case "/" -> answer(context, HttpResponseStatus.OK, TEXT, INDEX, head);
        default -> answer(context, HttpResponseStatus.NOT_FOUND, TEXT, "not found\n", head);
      }
    }
  }

  private static void health(
      ChannelHandlerContext context, String what, Optional<String> why, boolean head) {
    HttpResponseStatus status =
        why.isEmpty() ? HttpResponseStatus.OK : HttpResponseStatus.SERVICE_UNAVAILABLE;
    String body = why.map(reason -> "not " + what + ": " + reason).orElse(what);
    answer(context, status, TEXT, body + "\n", head);
  }

  private void metrics(ChannelHandlerContext context, boolean head) {
    try {
      renderer.execute(
          () -> {
            String text;
            try {
              text = metrics.get();
            } catch (RuntimeException e) {
              LOG.warn("Cannot render the metrics", e);
              String why = "cannot render the metrics: " + e + "\n";
              answer(context, HttpResponseStatus.INTERNAL_SERVER_ERROR, TEXT, why, head);
              return;
            }
            answer(context, HttpResponseStatus.OK, EXPOSITION, text, head);
          });
    } catch (RejectedExecutionException e) {
      answer(
          context,
          HttpResponseStatus.SERVICE_UNAVAILABLE,
          TEXT,
          "others ask for the metrics, too many at a time\n",
          head);
    }
  }

  private static void answer(
      ChannelHandlerContext context,
      HttpResponseStatus status,
      String type,
      String body,
      boolean head) {
    ByteBuf content = ByteBufUtil.writeUtf8(context.alloc(), body);
    int length = content.readableBytes();
    DefaultFullHttpResponse response =
        new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status, head ? content.clear() : content);
    response
        .headers()
        .set(HttpHeaderNames.CONTENT_TYPE, type)
        .set(HttpHeaderNames.CACHE_CONTROL, HttpHeaderValues.NO_STORE)
        .set("x-content-type-options", "nosniff")
        .set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
    if (status.equals(HttpResponseStatus.METHOD_NOT_ALLOWED)) {
      response.headers().set(HttpHeaderNames.ALLOW, "GET, HEAD");
    }
    HttpUtil.setContentLength(response, length);
    var unused = context.writeAndFlush(response).addListener(ChannelFutureListener.CLOSE);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    LOG.debug("A connection to the admin port failed", cause);
    var unused = context.close();
  }
}
