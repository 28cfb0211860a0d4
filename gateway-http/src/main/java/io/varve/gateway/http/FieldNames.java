package io.varve.gateway.http;

import io.varve.client.VarveException;
import io.varve.gateway.problem.Problem;
import io.varve.gateway.problem.ProblemCode;
import io.varve.gateway.problem.Problems;
import java.util.concurrent.CancellationException;

/** Fields of the log's own API in the words of HTTP's. */
final class FieldNames {
  private static final String APPEND = "append.";

  private FieldNames() {}

  /** A field of the log's own API, such as {@code source_type}, as HTTP names it. */
  static String camel(String field) {
    StringBuilder camel = new StringBuilder(field.length());
    for (int i = 0; i < field.length(); i++) {
      boolean joint = field.charAt(i) == '_' && i + 1 < field.length();
      camel.append(joint ? Character.toUpperCase(field.charAt(++i)) : field.charAt(i));
    }
    return camel.toString();
  }

  /** The problem that a failure is, its field as the request has it. */
  static Problem problem(Throwable failure) {
    if (Problems.unwrap(failure) instanceof CancellationException) {
      // Nobody is there to read it, and it is no fault.
      return Problem.of(ProblemCode.UNAVAILABLE, "the request was cancelled");
    }
    Problem problem = Problems.of(failure);
    if (!(Problems.unwrap(failure) instanceof VarveException) || problem.field().isEmpty()) {
      return problem;
    }
    String field = problem.field();
    ProblemCode code = code(problem.code(), field);
    return new Problem(
        code.status(),
        code,
        problem.detail(),
        camel(inTheRequest(field)),
        problem.retryAfter(),
        problem.expectedSeq(),
        problem.clientSeq(),
        problem.conflict());
  }

  /**
   * Payloads, metadata and whole appends have no limit but their size: what is over it is too large
   * rather than wrong.
   */
  static ProblemCode code(ProblemCode code, String field) {
    boolean size = field.equals("append") || field.endsWith(".data") || field.endsWith(".metadata");
    return code == ProblemCode.INVALID_ARGUMENT && size ? ProblemCode.PAYLOAD_TOO_LARGE : code;
  }

  private static String inTheRequest(String field) {
    if (field.equals("append")) {
      return "events";
    }
    if (field.equals("append.append_id.known_position")
        || field.equals("append_id.known_position")) {
      return "knownPosition";
    }
    return field.startsWith(APPEND) ? field.substring(APPEND.length()) : field;
  }
}
