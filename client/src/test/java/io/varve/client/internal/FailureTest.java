package io.varve.client.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Metadata;
import io.grpc.Status;
import io.varve.client.PermissionDeniedException;
import io.varve.client.UnauthenticatedException;
import org.junit.jupiter.api.Test;

/** What a status without details means. */
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
}
