package io.varve.node.wire;

import io.varve.proto.v1.RecordedEvent;
import io.varve.statemachine.StoredEvent;

/** Stored events as messages. */
public final class Events {

  private Events() {}

  /** An event as the API shows it. */
  public static RecordedEvent message(StoredEvent event) {
    RecordedEvent.Builder message =
        RecordedEvent.newBuilder()
            .setPosition(event.position())
            .setSource(event.source())
            .setVersion(event.version())
            .setType(event.type())
            .setSourceType(event.sourceType())
            .setStreamType(event.streamType())
            .setStreamId(event.streamId())
            .addAllTags(event.tags())
            .setKey(event.key())
            .setTombstone(event.tombstone())
            .setData(event.data())
            .setContentType(event.contentType())
            .setMetadata(event.metadata())
            .setRecorded(Timestamps.ofMicros(event.recordedMicros()))
            .setId(event.id())
            .setClientId(event.clientId())
            .setBufferId(event.bufferId())
            .setClientSequence(event.clientSequence());
    event.occurred().ifPresent(message::setOccurred);
    return message.build();
  }
}
