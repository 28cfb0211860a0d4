package io.varve.node;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.varve.proto.v1.Append;
import io.varve.proto.v1.AppendId;
import io.varve.proto.v1.AppendRequest;
import io.varve.proto.v1.AppendStreamRequest;
import io.varve.proto.v1.ConcurrencyScope;
import io.varve.proto.v1.Condition;
import io.varve.proto.v1.Error;
import io.varve.proto.v1.ExpectedVersion;
import io.varve.proto.v1.Filter;
import io.varve.proto.v1.FilterItem;
import io.varve.proto.v1.NewEvent;
import java.nio.ByteBuffer;
import java.util.UUID;

/** Requests, shortly said. */
public final class Requests {

  private Requests() {}

  public static NewEvent event(String source, String type) {
    return NewEvent.newBuilder()
        .setSource(source)
        .setType(type)
        .setData(ByteString.copyFromUtf8("{}"))
        .build();
  }

  public static Append append(String source, String type) {
    return Append.newBuilder().addEvents(event(source, type)).build();
  }

  public static AppendRequest request(Append append) {
    return AppendRequest.newBuilder().setAppend(append).build();
  }

  public static AppendStreamRequest streamed(Append append) {
    return AppendStreamRequest.newBuilder().setAppend(append).build();
  }

  public static AppendId id(UUID uuid, long knownPosition) {
    byte[] bytes =
        ByteBuffer.allocate(16)
            .putLong(uuid.getMostSignificantBits())
            .putLong(uuid.getLeastSignificantBits())
            .array();
    return AppendId.newBuilder()
        .setId(ByteString.copyFrom(bytes))
        .setKnownPosition(knownPosition)
        .build();
  }

  public static Condition version(String source, long exactly) {
    return Condition.newBuilder()
        .setExpectedVersion(ExpectedVersion.newBuilder().setSource(source).setExactly(exactly))
        .build();
  }

  public static Condition scope(Filter filter, long after) {
    return Condition.newBuilder()
        .setConcurrencyScope(ConcurrencyScope.newBuilder().setFilter(filter).setAfter(after))
        .build();
  }

  public static Filter ofType(String type) {
    return Filter.newBuilder().addAnyOf(FilterItem.newBuilder().addTypes(type)).build();
  }

  /** The error that a failed call's status holds. */
  public static Error error(Throwable failure) {
    com.google.rpc.Status status = StatusProto.fromThrowable(failure);
    if (status == null || status.getDetailsCount() != 1) {
      throw new AssertionError("no details in " + failure, failure);
    }
    try {
      return status.getDetails(0).unpack(Error.class);
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
  }

  /** Makes a call that must fail, and answers its error. */
  public static Error errorOf(Runnable call) {
    try {
      call.run();
    } catch (StatusRuntimeException e) {
      return error(e);
    }
    throw new AssertionError("the call did not fail");
  }
}
