package io.varve.node.routing;

import com.google.protobuf.ByteString;
import io.varve.node.pipeline.PipelineAnswer;
import io.varve.node.pipeline.PipelineAnswer.Decided;
import io.varve.node.pipeline.PipelineAnswer.NotAppended;
import io.varve.node.pipeline.PipelineAnswer.Unknown;
import io.varve.node.routing.AppendResult.Answered;
import io.varve.node.routing.AppendResult.Effect;
import io.varve.node.routing.AppendResult.Returned;
import io.varve.node.wire.Errors;
import io.varve.node.wire.Outcomes;
import io.varve.proto.v1.AppendStreamResponse;
import io.varve.proto.v1.Error;
import io.varve.proto.v1.ErrorCode;
import io.varve.statemachine.Outcome;
import java.util.function.Supplier;

/** Puts results of appends into words. */
final class Answers {

  private final Supplier<ByteString> logIdentity;

  Answers(Supplier<ByteString> logIdentity) {
    this.logIdentity = logIdentity;
  }

  /** What the local pipeline answered. */
  AppendResult of(PipelineAnswer answer) {
    if (answer instanceof Decided decided) {
      return decided(decided.outcome());
    }
    if (answer instanceof NotAppended refused) {
      return switch (refused.reason()) {
        case NOT_LEADER -> new Returned(unavailable(refused.message()));
        case OVERLOADED -> error(ErrorCode.ERROR_CODE_OVERLOADED, refused.message());
        case DEADLINE_EXCEEDED -> error(ErrorCode.ERROR_CODE_DEADLINE_EXCEEDED, refused.message());
        case CLOSED -> error(unavailable(refused.message()));
      };
    }
    return unknown(((Unknown) answer).message());
  }

  /** What the node that an append was forwarded to answered. */
  AppendResult of(AppendStreamResponse response) {
    if (response.hasAppended()) {
      return new Answered(response, Effect.LANDED);
    }
    if (response.hasError()) {
      ErrorCode code = response.getError().getCode();
      if (code == ErrorCode.ERROR_CODE_UNAVAILABLE) {
        return new Returned(response.getError());
      }
      if (code == ErrorCode.ERROR_CODE_OUTCOME_UNKNOWN) {
        return new Answered(response, Effect.UNKNOWN);
      }
    }
    return new Answered(response, Effect.NONE);
  }

  /** An error that appended nothing. */
  Answered error(Error error) {
    return new Answered(response().setError(error).build(), Effect.NONE);
  }

  /** An error that appended nothing. */
  Answered error(ErrorCode code, String message) {
    return error(Errors.of(code, message));
  }

  /** The append may have landed or may land yet. */
  Answered unknown(String message) {
    return new Answered(
        response().setError(Errors.of(ErrorCode.ERROR_CODE_OUTCOME_UNKNOWN, message)).build(),
        Effect.UNKNOWN);
  }

  static Error unavailable(String message) {
    return Errors.of(ErrorCode.ERROR_CODE_UNAVAILABLE, message);
  }

  private Answered decided(Outcome outcome) {
    if (outcome instanceof Outcome.Appended appended) {
      return new Answered(
          response().setAppended(Outcomes.message(appended)).build(), Effect.LANDED);
    }
    if (outcome instanceof Outcome.Conflict conflict) {
      return new Answered(response().setConflict(Outcomes.message(conflict)).build(), Effect.NONE);
    }
    return error(Errors.of((Outcome.Refused) outcome));
  }

  private AppendStreamResponse.Builder response() {
    return AppendStreamResponse.newBuilder().setLogIdentity(logIdentity.get());
  }
}
