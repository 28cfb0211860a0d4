package io.varve.client.internal;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import io.varve.client.AppendIdReusedException;
import io.varve.client.DeadlineExceededException;
import io.varve.client.FateUnknownException;
import io.varve.client.InternalException;
import io.varve.client.InvalidArgumentException;
import io.varve.client.LogIdentityMismatchException;
import io.varve.client.LogNotFoundException;
import io.varve.client.OriginDivergedException;
import io.varve.client.OutOfRangeException;
import io.varve.client.OutcomeUnknownException;
import io.varve.client.OverloadedException;
import io.varve.client.PermissionDeniedException;
import io.varve.client.ScopeTooWideException;
import io.varve.client.SequenceGapException;
import io.varve.client.UnauthenticatedException;
import io.varve.client.UnavailableException;
import io.varve.client.UnimplementedException;
import io.varve.client.VarveException;
import io.varve.proto.v1.Error;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What went wrong with one attempt, and what follows from it.
 *
 * @param exception as the caller would see it if this attempt were the last
 * @param retriable whether a further attempt may fare better
 * @param fromServer whether a node said so itself, rather than the connection breaking
 * @param retryAfter how long the node asks to wait; zero = not said
 */
record Failure(
    VarveException exception, boolean retriable, boolean fromServer, Duration retryAfter) {

  /** A failure of this client's own making that a further attempt may cure. */
  static Failure local(String message) {
    return new Failure(new UnavailableException(message, null), true, false, Duration.ZERO);
  }

  /** From an error within a stream. */
  static Failure of(Error error) {
    Duration retryAfter =
        error.hasRetryAfter()
            ? Duration.ofSeconds(
                error.getRetryAfter().getSeconds(), error.getRetryAfter().getNanos())
            : Duration.ZERO;
    String message = error.getMessage().isEmpty() ? error.getCode().name() : error.getMessage();
    VarveException exception = exception(error, message, retryAfter);
    boolean retriable =
        switch (error.getCode()) {
          case ERROR_CODE_OVERLOADED,
              ERROR_CODE_UNAVAILABLE,
              ERROR_CODE_OUTCOME_UNKNOWN,
              ERROR_CODE_DEADLINE_EXCEEDED ->
              true;
          default -> false;
        };
    return new Failure(exception, retriable, true, retryAfter);
  }

  /** From the end of a call. */
  static Failure of(Status status, @Nullable Metadata trailers) {
    Optional<Error> detail = detail(status, trailers);
    if (detail.isPresent()) {
      return of(detail.get());
    }
    String message = describe(status);
    Throwable cause = status.getCause();
    return switch (status.getCode()) {
      case INVALID_ARGUMENT -> refused(new InvalidArgumentException(message, ""));
      case OUT_OF_RANGE -> refused(new OutOfRangeException(message, ""));
      case NOT_FOUND -> refused(new LogNotFoundException(message));
      case UNIMPLEMENTED -> refused(new UnimplementedException(message));
      case PERMISSION_DENIED -> refused(new PermissionDeniedException(message, ""));
      case UNAUTHENTICATED -> refused(new UnauthenticatedException(message));
      case ALREADY_EXISTS, FAILED_PRECONDITION, DATA_LOSS ->
          refused(new InternalException(message, cause));
      case RESOURCE_EXHAUSTED ->
          new Failure(new OverloadedException(message, Duration.ZERO), true, false, Duration.ZERO);
      // Without a detail of ours it is the transport that speaks: a cut connection shows as any of
      // these, depending on where it was cut.
      case UNAVAILABLE, INTERNAL, UNKNOWN, CANCELLED, ABORTED, DEADLINE_EXCEEDED, OK ->
          new Failure(new UnavailableException(message, cause), true, false, Duration.ZERO);
    };
  }

  private static Failure refused(VarveException exception) {
    return new Failure(exception, false, true, Duration.ZERO);
  }

  private static String describe(Status status) {
    return status.getDescription() == null
        ? status.getCode().toString()
        : status.getCode() + ": " + status.getDescription();
  }

  private static Optional<Error> detail(Status status, @Nullable Metadata trailers) {
    com.google.rpc.Status rich = StatusProto.fromStatusAndTrailers(status, trailers);
    for (Any any : rich.getDetailsList()) {
      if (any.is(Error.class)) {
        try {
          return Optional.of(any.unpack(Error.class));
        } catch (InvalidProtocolBufferException malformed) {
          return Optional.empty();
        }
      }
    }
    return Optional.empty();
  }

  private static VarveException exception(Error error, String message, Duration retryAfter) {
    String field = error.getField();
    return switch (error.getCode()) {
      case ERROR_CODE_INVALID_ARGUMENT -> new InvalidArgumentException(message, field);
      case ERROR_CODE_APPEND_ID_REUSED -> new AppendIdReusedException(message);
      case ERROR_CODE_FATE_UNKNOWN -> new FateUnknownException(message);
      case ERROR_CODE_OUT_OF_RANGE -> new OutOfRangeException(message, field);
      case ERROR_CODE_SCOPE_TOO_WIDE -> new ScopeTooWideException(message, field);
      case ERROR_CODE_OVERLOADED -> new OverloadedException(message, retryAfter);
      case ERROR_CODE_UNAVAILABLE -> new UnavailableException(message, null);
      case ERROR_CODE_OUTCOME_UNKNOWN ->
          new OutcomeUnknownException(message, Optional.empty(), null);
      case ERROR_CODE_LOG_NOT_FOUND -> new LogNotFoundException(message);
      case ERROR_CODE_LOG_IDENTITY_MISMATCH -> new LogIdentityMismatchException(message);
      case ERROR_CODE_DEADLINE_EXCEEDED -> new DeadlineExceededException(message, null);
      case ERROR_CODE_UNIMPLEMENTED -> new UnimplementedException(message);
      case ERROR_CODE_ORIGIN_DIVERGED -> new OriginDivergedException(message, field);
      case ERROR_CODE_SEQUENCE_GAP ->
          new SequenceGapException(message, error.getExpectedSequence());
      case ERROR_CODE_PERMISSION_DENIED -> new PermissionDeniedException(message, field);
      case ERROR_CODE_INTERNAL, ERROR_CODE_UNSPECIFIED, UNRECOGNIZED ->
          new InternalException(message, null);
    };
  }
}
