package io.varve.client.internal;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import io.grpc.Drainable;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor;
import io.varve.client.Condition;
import io.varve.client.NewEvent;
import io.varve.client.Origin;
import io.varve.proto.v1.Append;
import io.varve.proto.v1.AppendId;
import io.varve.proto.v1.AppendStreamRequest;
import io.varve.proto.v1.AppendStreamResponse;
import io.varve.proto.v1.LogServiceGrpc;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One {@code AppendStreamRequest} as bytes.
 *
 * <p>Events and conditions are encoded once, on the caller's thread; sending (again) only adds what
 * belongs to the attempt. Protobuf allows a message's fields to be written one after the other, so
 * this is plain concatenation.
 */
final class AppendFrame {

  /** {@code AppendStream}, with requests that are already bytes. */
  static final MethodDescriptor<AppendFrame, AppendStreamResponse> METHOD =
      LogServiceGrpc.getAppendStreamMethod().toBuilder(
              new Marshaller(), LogServiceGrpc.getAppendStreamMethod().getResponseMarshaller())
          .build();

  private static final byte[] NONE = new byte[0];

  private static final int LENGTH_DELIMITED = 2;

  private final byte[] log;
  private final byte[] body;
  private final byte[] id;
  private final int timeoutMillis;

  /**
   * Puts a request together, without copying.
   *
   * @param log from {@link #encodeLog}
   * @param body from {@link #encodeBody}
   * @param id from {@link #encodeId}, {@link #encodeOrigin} or {@link #noId}
   * @param timeoutMillis how long the node may take, positive
   */
  AppendFrame(byte[] log, byte[] body, byte[] id, int timeoutMillis) {
    this.log = log;
    this.body = body;
    this.id = id;
    this.timeoutMillis = timeoutMillis;
  }

  /** Encodes the parts that are the same for every append: the log's name and identity. */
  static byte[] encodeLog(String name, ByteString identity) {
    return AppendStreamRequest.newBuilder()
        .setLog(name)
        .setLogIdentity(identity)
        .build()
        .toByteArray();
  }

  /** Encodes the parts that are the same for every attempt. */
  static byte[] encodeBody(List<NewEvent> events, List<Condition> conditions) {
    Append.Builder append = Append.newBuilder();
    for (NewEvent event : events) {
      append.addEvents(Convert.event(event));
    }
    for (Condition condition : conditions) {
      append.addConditions(Convert.condition(condition));
    }
    return append.build().toByteArray();
  }

  /** Encodes an append id. */
  static byte[] encodeId(ByteString id, long knownPosition) {
    return Append.newBuilder()
        .setAppendId(AppendId.newBuilder().setId(id).setKnownPosition(knownPosition))
        .build()
        .toByteArray();
  }

  /** Encodes an origin, which stands in an append id's stead. */
  static byte[] encodeOrigin(Origin origin) {
    return Append.newBuilder().setOrigin(Convert.origin(origin)).build().toByteArray();
  }

  /** Encodes that there is no append id. */
  static byte[] noId() {
    return NONE;
  }

  int size() {
    int append = body.length + id.length;
    return log.length
        + CodedOutputStream.computeTagSize(AppendStreamRequest.APPEND_FIELD_NUMBER)
        + CodedOutputStream.computeUInt32SizeNoTag(append)
        + append
        + CodedOutputStream.computeUInt32Size(
            AppendStreamRequest.TIMEOUT_MILLIS_FIELD_NUMBER, timeoutMillis);
  }

  void writeTo(OutputStream to) throws IOException {
    // The small parts go through one small buffer; the body is handed on as it is.
    byte[] prefix = new byte[log.length + 8];
    CodedOutputStream out = CodedOutputStream.newInstance(prefix);
    out.writeRawBytes(log);
    out.writeTag(AppendStreamRequest.APPEND_FIELD_NUMBER, LENGTH_DELIMITED);
    out.writeUInt32NoTag(body.length + id.length);
    to.write(prefix, 0, out.getTotalBytesWritten());
    to.write(body);
    byte[] suffix = new byte[id.length + 8];
    out = CodedOutputStream.newInstance(suffix);
    out.writeRawBytes(id);
    out.writeUInt32(AppendStreamRequest.TIMEOUT_MILLIS_FIELD_NUMBER, timeoutMillis);
    to.write(suffix, 0, out.getTotalBytesWritten());
  }

  private static final class Marshaller implements MethodDescriptor.Marshaller<AppendFrame> {
    @Override
    public InputStream stream(AppendFrame frame) {
      return new Stream(frame);
    }

    @Override
    public AppendFrame parse(InputStream stream) {
      throw new UnsupportedOperationException("clients send appends, they do not receive them");
    }
  }

  /** Hands a frame to gRPC without an array in between. */
  private static final class Stream extends InputStream implements Drainable, KnownLength {
    private final AppendFrame frame;
    private int remaining;
    private @Nullable ByteArrayInputStream copied;

    Stream(AppendFrame frame) {
      this.frame = frame;
      this.remaining = frame.size();
    }

    @Override
    public int drainTo(OutputStream target) throws IOException {
      frame.writeTo(target);
      int drained = remaining;
      remaining = 0;
      return drained;
    }

    @Override
    public int available() {
      return copied == null ? remaining : copied.available();
    }

    // gRPC drains what can be drained; reading is only for whoever does not know that.

    private ByteArrayInputStream copied() throws IOException {
      if (copied == null) {
        ByteArrayOutputStream copy = new ByteArrayOutputStream(remaining);
        frame.writeTo(copy);
        copied = new ByteArrayInputStream(copy.toByteArray());
      }
      return copied;
    }

    @Override
    public int read() throws IOException {
      return copied().read();
    }

    @Override
    public int read(byte[] to, int offset, int length) throws IOException {
      return copied().read(to, offset, length);
    }
  }
}
