package io.varve.node.read;

import com.google.protobuf.ByteString;
import io.varve.node.wire.ErrorException;
import io.varve.node.wire.Errors;
import io.varve.node.wire.Outcomes;
import io.varve.node.wire.Timestamps;
import io.varve.proto.v1.AppendId;
import io.varve.proto.v1.ErrorCode;
import io.varve.proto.v1.GetAppendResponse;
import io.varve.proto.v1.GetChainHashResponse;
import io.varve.proto.v1.GetHeadResponse;
import io.varve.proto.v1.GetOriginRequest;
import io.varve.proto.v1.GetOriginResponse;
import io.varve.proto.v1.GetPositionRequest;
import io.varve.proto.v1.GetPositionResponse;
import io.varve.proto.v1.GetSourceResponse;
import io.varve.statemachine.LogReader;
import io.varve.statemachine.Outcome;
import io.varve.statemachine.StoredEvent;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * Single answers from what is applied here. Each names a head at which it holds, though it takes
 * several reads of a state that moves meanwhile.
 */
final class PointReads {

  private static final int UUID_BYTES = 16;

  private final LogReader reader;
  private final Supplier<ByteString> logIdentity;

  PointReads(LogReader reader, Supplier<ByteString> logIdentity) {
    this.reader = reader;
    this.logIdentity = logIdentity;
  }

  GetHeadResponse head() {
    long head = reader.head();
    GetHeadResponse.Builder response =
        GetHeadResponse.newBuilder().setLogIdentity(logIdentity.get()).setHead(head);
    if (head > 0) {
      long recorded = reader.recordedMicros();
      if (reader.head() != head) {
        // The time belongs to a newer head: take it from the event itself.
        recorded = reader.event(head).map(StoredEvent::recordedMicros).orElse(recorded);
      }
      response.setRecorded(Timestamps.ofMicros(recorded));
    }
    return response.build();
  }

  GetSourceResponse source(String source) {
    long head = reader.head();
    long version = reader.version(source);
    long lastPosition = version == 0 ? 0 : reader.position(source, version).orElseThrow();
    // If the version is from after the first look at the head, it holds exactly at its own event.
    return GetSourceResponse.newBuilder()
        .setLogIdentity(logIdentity.get())
        .setHead(Math.max(head, lastPosition))
        .setVersion(version)
        .setLastPosition(lastPosition)
        .build();
  }

  GetAppendResponse append(AppendId appendId) {
    long head = reader.head();
    Optional<Outcome.Appended> appended = reader.append(uuid(appendId.getId()));
    if (appended.isPresent()) {
      return response(Math.max(head, appended.get().lastPosition()))
          .setAppended(Outcomes.message(appended.get()))
          .build();
    }
    checkKnownPosition(appendId.getKnownPosition(), reader.head());
    // Nothing was found in a state no older than the first look at the head.
    return response(head).build();
  }

  GetPositionResponse position(GetPositionRequest request) {
    long head = reader.head();
    long position = reader.positionAt(Timestamps.toMicros(request.getRecorded()));
    return GetPositionResponse.newBuilder()
        .setLogIdentity(logIdentity.get())
        .setHead(Math.max(head, position))
        .setPosition(position)
        .build();
  }

  /** Refuses a time that is none. */
  static void check(GetPositionRequest request) {
    if (!request.hasRecorded()) {
      throw new ErrorException(Errors.invalid("recorded", "recorded is required: a time"));
    }
    if (!Timestamps.isValid(request.getRecorded())) {
      throw new ErrorException(
          Errors.invalid(
              "recorded",
              "recorded has "
                  + request.getRecorded().getSeconds()
                  + " seconds and "
                  + request.getRecorded().getNanos()
                  + " nanos; a time lies in the years 1 to 9999 and has 0 to 999999999 nanos"));
    }
  }

  GetOriginResponse origin(GetOriginRequest request) {
    long head = reader.head();
    return GetOriginResponse.newBuilder()
        .setLogIdentity(logIdentity.get())
        .setLastSequence(reader.lastSequence(request.getClientId(), request.getBufferId()))
        // Read again: a number that landed since the first look has no older head.
        .setHead(Math.max(head, reader.head()))
        .build();
  }

  /** The chain hash at a position that is applied here; 0 = at the head. */
  GetChainHashResponse chainHash(long position, String nodeId) {
    long at = position == 0 ? reader.head() : position;
    return GetChainHashResponse.newBuilder()
        .setLogIdentity(logIdentity.get())
        .setPosition(at)
        .setChainHash(reader.chainHash(at).orElseThrow())
        .setNodeId(nodeId)
        .build();
  }

  /** Refuses an append id that cannot be looked up. */
  static void check(AppendId appendId) {
    int bytes = appendId.getId().size();
    if (bytes != UUID_BYTES) {
      throw new ErrorException(
          Errors.invalid(
              "append_id.id", "append_id.id has " + bytes + " bytes; a UUID has " + UUID_BYTES));
    }
    if (!appendId.hasKnownPosition()) {
      throw new ErrorException(
          Errors.invalid(
              "append_id.known_position",
              "append_id.known_position is required: the value the append was sent with"));
    }
    Positions.checked(appendId.getKnownPosition(), "append_id.known_position");
  }

  private void checkKnownPosition(long known, long head) {
    if (known > head) {
      throw new ErrorException(
          Errors.of(
              ErrorCode.ERROR_CODE_OUT_OF_RANGE,
              "append_id.known_position",
              "append_id.known_position is " + known + ", above the head " + head));
    }
    long window = reader.dedupWindow();
    if (known < head - window) {
      throw new ErrorException(
          Errors.of(
              ErrorCode.ERROR_CODE_FATE_UNKNOWN,
              "append_id.known_position",
              "append_id.known_position is "
                  + known
                  + "; ids are remembered for "
                  + window
                  + " positions, and the head is "
                  + head));
    }
  }

  private GetAppendResponse.Builder response(long head) {
    return GetAppendResponse.newBuilder().setLogIdentity(logIdentity.get()).setHead(head);
  }

  private static UUID uuid(ByteString id) {
    ByteBuffer bytes = id.asReadOnlyByteBuffer();
    return new UUID(bytes.getLong(), bytes.getLong());
  }
}
