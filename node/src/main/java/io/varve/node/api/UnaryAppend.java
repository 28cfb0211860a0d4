package io.varve.node.api;

import io.grpc.stub.ServerCallStreamObserver;
import io.varve.node.routing.AppendRouter;
import io.varve.node.routing.AppendSession;
import io.varve.node.wire.Errors;
import io.varve.proto.v1.AppendRequest;
import io.varve.proto.v1.AppendResponse;
import io.varve.proto.v1.AppendStreamResponse;
import io.varve.proto.v1.ErrorCode;

/** One Append call: a session of a single append. */
final class UnaryAppend implements AppendSession.Sink {

  private final ServerCallStreamObserver<AppendResponse> responses;

  private UnaryAppend(ServerCallStreamObserver<AppendResponse> responses) {
    this.responses = responses;
  }

  static void start(
      AppendRequest request,
      ServerCallStreamObserver<AppendResponse> responses,
      AppendRouter router) {
    AppendSession session = router.open(new UnaryAppend(responses), false, 1);
    responses.setOnCancelHandler(session::cancel);
    session.append(request.getAppend(), CallDeadline.ofCurrentCall());
    session.finish();
  }

  @Override
  public void answer(AppendStreamResponse answer, int appendBytes) {
    switch (answer.getOutcomeCase()) {
      case APPENDED -> succeed(response(answer).setAppended(answer.getAppended()));
      case CONFLICT -> succeed(response(answer).setConflict(answer.getConflict()));
      case ERROR -> responses.onError(Statuses.of(answer.getError()));
      case OUTCOME_NOT_SET -> failed();
    }
  }

  @Override
  public void ended() {}

  @Override
  public void failed() {
    responses.onError(
        Statuses.of(
            Errors.of(
                ErrorCode.ERROR_CODE_OUTCOME_UNKNOWN,
                "a fault of the server; whether the append landed is not known")));
  }

  private static AppendResponse.Builder response(AppendStreamResponse answer) {
    return AppendResponse.newBuilder().setLogIdentity(answer.getLogIdentity());
  }

  private void succeed(AppendResponse.Builder response) {
    responses.onNext(response.build());
    responses.onCompleted();
  }
}
