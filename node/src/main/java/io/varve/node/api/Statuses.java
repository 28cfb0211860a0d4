package io.varve.node.api;

import com.google.protobuf.Any;
import com.google.rpc.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.varve.node.wire.Errors;
import io.varve.proto.v1.Error;
import io.varve.proto.v1.ErrorCode;

/** Errors as gRPC statuses, whose details hold the error. */
final class Statuses {

  private Statuses() {}

  /**
   * Loads what an error needs. Otherwise the first one, often told just before its caller gives up,
   * would be late by the time that takes.
   */
  static void load() {
    of(Errors.of(ErrorCode.ERROR_CODE_UNAVAILABLE, "")).getStatus();
  }

  static StatusRuntimeException of(Error error) {
    return StatusProto.toStatusRuntimeException(
        com.google.rpc.Status.newBuilder()
            .setCode(code(error.getCode()).getNumber())
            .setMessage(error.getMessage())
            .addDetails(Any.pack(error))
            .build());
  }

  private static Code code(ErrorCode code) {
    return switch (code) {
      case ERROR_CODE_INVALID_ARGUMENT -> Code.INVALID_ARGUMENT;
      case ERROR_CODE_APPEND_ID_REUSED -> Code.ALREADY_EXISTS;
      case ERROR_CODE_FATE_UNKNOWN,
          ERROR_CODE_SCOPE_TOO_WIDE,
          ERROR_CODE_LOG_IDENTITY_MISMATCH,
          ERROR_CODE_ORIGIN_DIVERGED,
          ERROR_CODE_SEQUENCE_GAP ->
          Code.FAILED_PRECONDITION;
      case ERROR_CODE_OUT_OF_RANGE -> Code.OUT_OF_RANGE;
      case ERROR_CODE_OVERLOADED -> Code.RESOURCE_EXHAUSTED;
      case ERROR_CODE_UNAVAILABLE -> Code.UNAVAILABLE;
      case ERROR_CODE_OUTCOME_UNKNOWN -> Code.UNKNOWN;
      case ERROR_CODE_LOG_NOT_FOUND -> Code.NOT_FOUND;
      case ERROR_CODE_DEADLINE_EXCEEDED -> Code.DEADLINE_EXCEEDED;
      case ERROR_CODE_UNIMPLEMENTED -> Code.UNIMPLEMENTED;
      case ERROR_CODE_PERMISSION_DENIED -> Code.PERMISSION_DENIED;
      case ERROR_CODE_INTERNAL, ERROR_CODE_UNSPECIFIED, UNRECOGNIZED -> Code.INTERNAL;
    };
  }
}
