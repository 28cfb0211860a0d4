package io.varve.statemachine.snapshot;

import com.google.protobuf.ByteString;
import io.varve.proto.replicated.v1.AppendBatch;
import io.varve.proto.replicated.v1.Command;
import io.varve.proto.replicated.v1.Founding;
import io.varve.proto.v1.Append;
import io.varve.proto.v1.NewEvent;
import io.varve.statemachine.LogCore;

/** Commands for tests in which what they say does not matter. */
public final class Entries {

  private Entries() {}

  /** A founding. */
  public static ByteString founding() {
    return Command.newBuilder()
        .setFormat(1)
        .setFounding(
            Founding.newBuilder()
                .setLogIdentity(ByteString.copyFrom(new byte[16]))
                .setLog("default")
                .setDedupWindow(1_000)
                .setScopeStepLimit(1_000))
        .build()
        .toByteString();
  }

  /** One append of one event of 100 bytes. */
  public static ByteString append(String source) {
    return Command.newBuilder()
        .setFormat(1)
        .setAppendBatch(
            AppendBatch.newBuilder()
                .setRecordedMicros(1)
                .setSaltSeed(ByteString.copyFrom(new byte[16]))
                .addAppends(
                    Append.newBuilder()
                        .addEvents(
                            NewEvent.newBuilder()
                                .setSource(source)
                                .setType("Happened")
                                .setData(ByteString.copyFrom(new byte[100])))))
        .build()
        .toByteString();
  }

  /** Applies a founding at index 0 and appends from 1 up to an index, all in term 1. */
  public static void fill(LogCore core, long upTo) {
    for (long index = core.appliedIndex() + 1; index <= upTo; index++) {
      core.apply(1, index, index == 0 ? founding() : append("s" + index % 7));
    }
  }
}
