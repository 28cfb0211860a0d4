package io.varve.gateway.problem;

import com.linecorp.armeria.common.ShuttingDownException;
import io.varve.client.ConflictException;
import io.varve.client.OverloadedException;
import io.varve.client.PermissionDeniedException;
import io.varve.client.SequenceGapException;
import io.varve.client.UnauthenticatedException;
import io.varve.client.VarveException;
import io.varve.client.json.JsonSyntaxException;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What failures are as problems. Thread-safe. */
public final class Problems {
  private static final Logger LOG = LoggerFactory.getLogger(Problems.class);

  /** How soon to try again when the cluster has no leader: an election takes about that long. */
  private static final Duration ELECTION = Duration.ofSeconds(1);

  private Problems() {}

  /** The problem that a failure is. What nobody expected is logged and told as {@code INTERNAL}. */
  public static Problem of(Throwable failure) {
    Throwable cause = unwrap(failure);
    if (cause instanceof ProblemException known) {
      return known.problem();
    }
    if (cause instanceof ConflictException conflict) {
      return Problem.conflict(conflict.conflict());
    }
    if (cause instanceof PermissionDeniedException || cause instanceof UnauthenticatedException) {
      return internal("the cluster refuses this gateway; it may lack its cluster.token", cause);
    }
    if (cause instanceof VarveException varve) {
      return of(varve);
    }
    if (cause instanceof JsonSyntaxException syntax) {
      return Problem.of(ProblemCode.INVALID_ARGUMENT, String.valueOf(syntax.getMessage()));
    }
    if (cause instanceof ShuttingDownException) {
      return Problem.of(ProblemCode.UNAVAILABLE, "the gateway is stopping: ask another one")
          .retryAfter(ELECTION);
    }
    return internal("a request failed for a reason that nobody expected", cause);
  }

  private static Problem internal(String what, Throwable cause) {
    LOG.error(what, cause);
    return Problem.of(ProblemCode.INTERNAL, "the gateway's log says what happened");
  }

  /** The failure itself, without what futures wrap around it. */
  public static Throwable unwrap(Throwable failure) {
    Throwable cause = failure;
    while ((cause instanceof CompletionException || cause instanceof ExecutionException)
        && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause;
  }

  private static Problem of(VarveException failure) {
    String detail = String.valueOf(failure.getMessage());
    Problem problem = Problem.of(code(failure), detail, failure.field());
    if (failure instanceof OverloadedException overloaded) {
      return problem.retryAfter(overloaded.retryAfter());
    }
    if (failure instanceof SequenceGapException gap) {
      return problem.expectedSeq(gap.expectedSequence());
    }
    return problem.code() == ProblemCode.UNAVAILABLE ? problem.retryAfter(ELECTION) : problem;
  }

  /**
   * The gateway's own standing with the cluster is no business of its clients: that is INTERNAL.
   */
  private static ProblemCode code(VarveException failure) {
    return switch (failure.code()) {
      case INVALID_ARGUMENT -> ProblemCode.INVALID_ARGUMENT;
      case APPEND_ID_REUSED -> ProblemCode.APPEND_ID_REUSED;
      case FATE_UNKNOWN -> ProblemCode.FATE_UNKNOWN;
      case OUT_OF_RANGE -> ProblemCode.OUT_OF_RANGE;
      case SCOPE_TOO_WIDE -> ProblemCode.SCOPE_TOO_WIDE;
      case OVERLOADED -> ProblemCode.OVERLOADED;
      case UNAVAILABLE, CLIENT_CLOSED -> ProblemCode.UNAVAILABLE;
      case OUTCOME_UNKNOWN -> ProblemCode.OUTCOME_UNKNOWN;
      case LOG_NOT_FOUND -> ProblemCode.LOG_NOT_FOUND;
      case LOG_IDENTITY_MISMATCH -> ProblemCode.LOG_IDENTITY_MISMATCH;
      case ORIGIN_DIVERGED -> ProblemCode.ORIGIN_DIVERGED;
      case SEQUENCE_GAP -> ProblemCode.SEQUENCE_GAP;
      case DEADLINE_EXCEEDED -> ProblemCode.DEADLINE_EXCEEDED;
      case UNIMPLEMENTED -> ProblemCode.UNIMPLEMENTED;
      case CONFLICT -> ProblemCode.CONFLICT;
      case PERMISSION_DENIED, UNAUTHENTICATED, INTERNAL -> ProblemCode.INTERNAL;
    };
  }
}
