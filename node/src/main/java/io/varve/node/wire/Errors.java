package io.varve.node.wire;

import com.google.protobuf.Duration;
import io.varve.proto.v1.Error;
import io.varve.proto.v1.ErrorCode;
import io.varve.statemachine.LogClosedException;
import io.varve.statemachine.Outcome;
import java.util.concurrent.CompletionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes {@link Error}s. The one place that says which ones may be tried again, and when. */
public final class Errors {

  private static final Logger LOG = LoggerFactory.getLogger(Errors.class);

  /** How long a caller should wait before it tries again what was refused for now. */
  private static final Duration RETRY_AFTER = Duration.newBuilder().setNanos(100_000_000).build();

  private Errors() {}

  /** A request that is malformed or over a limit. */
  public static Error invalid(String field, String message) {
    return of(ErrorCode.ERROR_CODE_INVALID_ARGUMENT, field, message);
  }

  /** An error that no one field is at fault for. */
  public static Error of(ErrorCode code, String message) {
    return of(code, "", message);
  }

  /** An error of any kind. */
  public static Error of(ErrorCode code, String field, String message) {
    Error.Builder error = Error.newBuilder().setCode(code).setField(field).setMessage(message);
    if (code == ErrorCode.ERROR_CODE_OVERLOADED || code == ErrorCode.ERROR_CODE_UNAVAILABLE) {
      error.setRetryAfter(RETRY_AFTER);
    }
    return error.build();
  }

  /** What the state machine refused. */
  public static Error of(Outcome.Refused refused) {
    Error error = of(code(refused.refusal()), refused.field(), refused.message());
    return refused.expectedSequence() == 0
        ? error
        : error.toBuilder().setExpectedSequence(refused.expectedSequence()).build();
  }

  /** What a failure says to the caller. A fault of our own is logged, and said to be one. */
  public static Error of(Throwable failure) {
    if (failure instanceof CompletionException && failure.getCause() != null) {
      return of(failure.getCause());
    }
    if (failure instanceof ErrorException known) {
      return known.error();
    }
    if (failure instanceof LogClosedException) {
      return of(
          ErrorCode.ERROR_CODE_UNAVAILABLE, "this node closes or replaces its store just now");
    }
    LOG.error("A call failed", failure);
    return of(ErrorCode.ERROR_CODE_INTERNAL, "a fault of the server: " + failure);
  }

  private static ErrorCode code(Outcome.Refusal refusal) {
    return switch (refusal) {
      case INVALID_ARGUMENT -> ErrorCode.ERROR_CODE_INVALID_ARGUMENT;
      case APPEND_ID_REUSED -> ErrorCode.ERROR_CODE_APPEND_ID_REUSED;
      case FATE_UNKNOWN -> ErrorCode.ERROR_CODE_FATE_UNKNOWN;
      case ORIGIN_DIVERGED -> ErrorCode.ERROR_CODE_ORIGIN_DIVERGED;
      case SEQUENCE_GAP -> ErrorCode.ERROR_CODE_SEQUENCE_GAP;
      case OUT_OF_RANGE -> ErrorCode.ERROR_CODE_OUT_OF_RANGE;
      case SCOPE_TOO_WIDE -> ErrorCode.ERROR_CODE_SCOPE_TOO_WIDE;
      case NOT_FOUNDED -> ErrorCode.ERROR_CODE_UNAVAILABLE;
    };
  }
}
