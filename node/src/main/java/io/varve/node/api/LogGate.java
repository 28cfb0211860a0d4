package io.varve.node.api;

import com.google.protobuf.ByteString;
import io.varve.node.security.GatewayTokens;
import io.varve.node.wire.Errors;
import io.varve.proto.v1.Append;
import io.varve.proto.v1.Error;
import io.varve.proto.v1.ErrorCode;
import io.varve.statemachine.AppendValidator;
import io.varve.statemachine.LogReader;
import java.util.HexFormat;
import java.util.Optional;

/** Checks that a request means this log, and that an append may enter it. Thread-safe. */
public final class LogGate {

  private static final String DEFAULT_LOG = "default";
  private static final int IDENTITY_BYTES = 16;

  private final LogReader reader;
  private final AppendValidator validator;
  private volatile ByteString identity = ByteString.EMPTY;

  public LogGate(LogReader reader, AppendValidator validator) {
    this.reader = reader;
    this.validator = validator;
  }

  /** The log identity; empty while this node does not know it. Once known it stays. */
  public ByteString logIdentity() {
    ByteString known = identity;
    if (known.isEmpty()) {
      known = reader.logIdentity();
      identity = known;
    }
    return known;
  }

  /**
   * Why an append must be refused before it enters the log, if it must.
   *
   * @param fromGateway whether its caller may do what only gateways may
   */
  Optional<Error> checkAppend(
      String log, ByteString expectedIdentity, Append append, boolean fromGateway) {
    return checkName(log)
        .or(() -> checkIdentity(expectedIdentity))
        .or(() -> fromGateway ? Optional.empty() : checkRights(append))
        .or(() -> validator.check(append).map(Errors::of));
  }

  /** Why a read must be refused, if it must. */
  Optional<Error> checkRead(String log, ByteString expectedIdentity) {
    return checkName(log)
        .or(() -> checkIdentity(expectedIdentity))
        .or(() -> logIdentity().isEmpty() ? Optional.of(notFounded()) : Optional.empty());
  }

  /** What an append holds that only gateways may write. */
  private static Optional<Error> checkRights(Append append) {
    if (append.hasOrigin()) {
      return Optional.of(
          denied(
              "append.origin", "append.origin is set; with gateway tokens on, only gateways may"));
    }
    for (int i = 0; i < append.getEventsCount(); i++) {
      if (append.getEvents(i).getSource().startsWith(GatewayTokens.RESERVED_SOURCES)) {
        String field = "append.events[" + i + "].source";
        return Optional.of(
            denied(
                field,
                field
                    + " begins with "
                    + GatewayTokens.RESERVED_SOURCES
                    + "; with gateway tokens on, only gateways may write there"));
      }
    }
    return Optional.empty();
  }

  private static Error denied(String field, String message) {
    return Errors.of(
        ErrorCode.ERROR_CODE_PERMISSION_DENIED,
        field,
        message + ", and this call carries none of this node's tokens");
  }

  private static Optional<Error> checkName(String log) {
    if (log.isEmpty() || log.equals(DEFAULT_LOG)) {
      return Optional.empty();
    }
    return Optional.of(
        Errors.of(
            ErrorCode.ERROR_CODE_LOG_NOT_FOUND,
            "log",
            "there is no log named \"" + log + "\"; this cluster has \"" + DEFAULT_LOG + "\""));
  }

  private Optional<Error> checkIdentity(ByteString expected) {
    if (expected.isEmpty() || expected.equals(identity)) {
      return Optional.empty();
    }
    if (expected.size() != IDENTITY_BYTES) {
      return Optional.of(
          Errors.invalid(
              "log_identity",
              "log_identity has " + expected.size() + " bytes; it has " + IDENTITY_BYTES));
    }
    ByteString actual = logIdentity();
    if (actual.isEmpty()) {
      return Optional.of(notFounded());
    }
    if (!actual.equals(expected)) {
      return Optional.of(
          Errors.of(
              ErrorCode.ERROR_CODE_LOG_IDENTITY_MISMATCH,
              "log_identity",
              "log_identity is " + hex(expected) + "; the log's is " + hex(actual)));
    }
    return Optional.empty();
  }

  private static Error notFounded() {
    return Errors.of(
        ErrorCode.ERROR_CODE_UNAVAILABLE,
        "this node holds no log yet: the cluster is not founded, or the node has not joined it");
  }

  private static String hex(ByteString bytes) {
    return HexFormat.of().formatHex(bytes.toByteArray());
  }
}
