package io.varve.client.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Metadata;
import io.grpc.Status;
import io.varve.client.PermissionDeniedException;
import io.varve.client.UnauthenticatedException;
import io.varve.proto.v1.Error;
import io.varve.proto.v1.ErrorCode;
import org.junit.jupiter.api.Test;

/** What errors and statuses mean. */
class FailureTest {

  @Test
  void whoMayNotIsNotAskedTwice() {
    Failure denied = Failure.of(Status.PERMISSION_DENIED.withDescription("no"), new Metadata());
    assertThat(denied.exception()).isInstanceOf(PermissionDeniedException.class);
    assertThat(denied.retriable()).isFalse();
    Failure unknown = Failure.of(Status.UNAUTHENTICATED, new Metadata());
    assertThat(unknown.exception()).isInstanceOf(UnauthenticatedException.class);
    assertThat(unknown.retriable()).isFalse();
  }

  @Test
  void whatANodeSaysOfWhoMayNotIsKept() {
    Failure denied =
        Failure.of(
            Error.newBuilder()
                .setCode(ErrorCode.ERROR_CODE_PERMISSION_DENIED)
                .setField("append.origin")
                .setMessage("only gateways may")
                .build());
    assertThat(denied.exception())
        .isInstanceOf(PermissionDeniedException.class)
        .hasMessage("only gateways may");
    assertThat(denied.exception().field()).isEqualTo("append.origin");
    assertThat(denied.retriable()).isFalse();
  }
}
