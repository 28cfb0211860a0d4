package io.varve.node.api;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.varve.node.routing.AppendRouter;
import io.varve.node.routing.AppendSession;
import io.varve.node.routing.Forwarding;
import io.varve.node.wire.Errors;
import io.varve.proto.v1.AppendStreamRequest;
import io.varve.proto.v1.AppendStreamResponse;
import io.varve.proto.v1.Error;
import io.varve.proto.v1.ErrorCode;
import java.util.Optional;

/** One AppendStream call. Takes no more appends than its bounds allow until some are answered. */
final class AppendStreamCall extends ServerCall.Listener<AppendStreamRequest>
    implements AppendSession.Sink {

  /** How many appends of a stream may be unanswered before it is slowed. */
  private static final int MAX_UNANSWERED = 1_024;

  /** How many bytes of them. */
  private static final long MAX_UNANSWERED_BYTES = 16L << 20;

  private final ServerCall<AppendStreamRequest, AppendStreamResponse> call;
  private final LogGate gate;
  private final boolean fromGateway = GatewayCallers.isGateway();
  private final InboundWindow window;
  private final AppendSession session;

  private boolean headersSent;

  private AppendStreamCall(
      ServerCall<AppendStreamRequest, AppendStreamResponse> call,
      Metadata headers,
      LogGate gate,
      AppendRouter router) {
    this.call = call;
    this.gate = gate;
    this.window =
        new InboundWindow(MAX_UNANSWERED, MAX_UNANSWERED_BYTES, call::isReady, call::request);
    this.session =
        router.open(
            this, headers.containsKey(Forwarding.FORWARDED), InboundWindow.largest(MAX_UNANSWERED));
  }

  static ServerCall.Listener<AppendStreamRequest> start(
      ServerCall<AppendStreamRequest, AppendStreamResponse> call,
      Metadata headers,
      LogGate gate,
      AppendRouter router) {
    AppendStreamCall started = new AppendStreamCall(call, headers, gate, router);
    started.window.askForMore();
    return started;
  }

  @Override
  public void onMessage(AppendStreamRequest request) {
    Optional<Error> error =
        gate.checkAppend(
            request.getLog(), request.getLogIdentity(), request.getAppend(), fromGateway);
    if (error.isPresent()) {
      window.arrived(0);
      session.refuse(error.get());
    } else {
      window.arrived(request.getAppend().getSerializedSize());
      session.append(request.getAppend(), CallDeadline.ofStreamed(request.getTimeoutMillis()));
    }
  }

  @Override
  public void onHalfClose() {
    session.finish();
  }

  @Override
  public void onCancel() {
    session.cancel();
  }

  @Override
  public void onReady() {
    window.askForMore();
  }

  @Override
  public void answer(AppendStreamResponse response, int appendBytes) {
    if (call.isCancelled()) {
      return;
    }
    if (!headersSent) {
      headersSent = true;
      call.sendHeaders(new Metadata());
    }
    call.sendMessage(response);
    window.answered(appendBytes);
  }

  @Override
  public void ended() {
    if (!call.isCancelled()) {
      call.close(Status.OK, new Metadata());
    }
  }

  @Override
  public void failed() {
    if (!call.isCancelled()) {
      var status =
          Statuses.of(
              Errors.of(
                  ErrorCode.ERROR_CODE_INTERNAL,
                  "a fault of the server; what was not answered is unknown"));
      Metadata trailers = status.getTrailers();
      call.close(status.getStatus(), trailers == null ? new Metadata() : trailers);
    }
  }
}
