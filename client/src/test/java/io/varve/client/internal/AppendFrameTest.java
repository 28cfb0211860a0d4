package io.varve.client.internal;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.grpc.Drainable;
import io.grpc.KnownLength;
import io.varve.client.ExpectedVersion;
import io.varve.client.NewEvent;
import io.varve.proto.v1.Append;
import io.varve.proto.v1.AppendId;
import io.varve.proto.v1.AppendStreamRequest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A frame is the message it stands for, byte for byte in meaning. */
class AppendFrameTest {

  private static final ByteString ID = ByteString.copyFromUtf8("0123456789abcdef");

  static Stream<AppendStreamRequest> requests() {
    AppendStreamRequest small =
        AppendStreamRequest.newBuilder()
            .setAppend(
                Append.newBuilder()
                    .addEvents(Convert.event(NewEvent.builder("s", "T").data("d").build())))
            .setTimeoutMillis(1)
            .build();
    AppendStreamRequest full =
        AppendStreamRequest.newBuilder()
            .setLog("some-log")
            .setLogIdentity(ID)
            .setAppend(
                Append.newBuilder()
                    .addEvents(
                        Convert.event(
                            NewEvent.builder("s", "T").data(new byte[100_000]).tags("a").build()))
                    .addEvents(Convert.event(NewEvent.builder("t", "U").build()))
                    .addConditions(Convert.condition(ExpectedVersion.exactly("s", 7)))
                    .addConditions(Convert.condition(ExpectedVersion.notExists("t")))
                    .setAppendId(AppendId.newBuilder().setId(ID).setKnownPosition(1L << 62)))
            .setTimeoutMillis(Integer.MAX_VALUE)
            .build();
    AppendStreamRequest nothingKnown =
        small.toBuilder()
            .setAppend(
                small.getAppend().toBuilder()
                    .setAppendId(AppendId.newBuilder().setId(ID).setKnownPosition(0)))
            .build();
    AppendStreamRequest empty =
        AppendStreamRequest.newBuilder()
            .setAppend(Append.getDefaultInstance())
            .setTimeoutMillis(9)
            .build();
    return Stream.of(small, full, nothingKnown, empty);
  }

  @ParameterizedTest
  @MethodSource("requests")
  void parsesAsTheMessageItStandsFor(AppendStreamRequest request) throws IOException {
    Append append = request.getAppend();
    AppendFrame frame =
        new AppendFrame(
            AppendFrame.encodeLog(request.getLog(), request.getLogIdentity()),
            append.toBuilder().clearAppendId().build().toByteArray(),
            append.hasAppendId()
                ? AppendFrame.encodeId(
                    append.getAppendId().getId(), append.getAppendId().getKnownPosition())
                : AppendFrame.noId(),
            request.getTimeoutMillis());

    InputStream drained = AppendFrame.METHOD.getRequestMarshaller().stream(frame);
    assertThat(drained).isInstanceOf(KnownLength.class);
    assertThat(drained.available()).isEqualTo(frame.size());
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    assertThat(((Drainable) drained).drainTo(out)).isEqualTo(frame.size());
    assertThat(out.size()).isEqualTo(frame.size());
    assertThat(AppendStreamRequest.parseFrom(out.toByteArray())).isEqualTo(request);

    InputStream read = AppendFrame.METHOD.getRequestMarshaller().stream(frame);
    assertThat(AppendStreamRequest.parseFrom(read.readAllBytes())).isEqualTo(request);
  }

  @Test
  void encodesTheCallersEventsAndConditions() throws IOException {
    NewEvent event = NewEvent.builder("s", "T").data("d").build();
    ExpectedVersion condition = ExpectedVersion.exactly("s", 3);

    Append append = Append.parseFrom(AppendFrame.encodeBody(List.of(event), List.of(condition)));

    assertThat(append.getEventsList()).containsExactly(Convert.event(event));
    assertThat(append.getConditionsList()).containsExactly(Convert.condition(condition));
  }
}
