package io.varve.node.api;

import io.grpc.stub.StreamObserver;
import io.varve.node.wire.Errors;
import io.varve.proto.v1.ClusterServiceGrpc;
import io.varve.proto.v1.DescribeRequest;
import io.varve.proto.v1.DescribeResponse;
import java.util.function.Supplier;

/** The cluster's calls. */
final class ClusterService extends ClusterServiceGrpc.ClusterServiceImplBase {

  private final Supplier<DescribeResponse> describe;

  ClusterService(Supplier<DescribeResponse> describe) {
    this.describe = describe;
  }

  @Override
  public void describe(DescribeRequest request, StreamObserver<DescribeResponse> responses) {
    DescribeResponse response;
    try {
      response = describe.get();
    } catch (RuntimeException e) {
      responses.onError(Statuses.of(Errors.of(e)));
      return;
    }
    responses.onNext(response);
    responses.onCompleted();
  }
}
