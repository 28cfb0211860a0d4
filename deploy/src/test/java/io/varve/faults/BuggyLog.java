package io.varve.faults;

import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.varve.proto.v1.Append;
import io.varve.proto.v1.AppendRequest;
import io.varve.proto.v1.AppendResponse;
import io.varve.proto.v1.AppendStreamRequest;
import io.varve.proto.v1.AppendStreamResponse;
import io.varve.proto.v1.Appended;
import io.varve.proto.v1.Condition;
import io.varve.proto.v1.Conflict;
import io.varve.proto.v1.ConflictingEvent;
import io.varve.proto.v1.FailedCondition;
import io.varve.proto.v1.GetAppendRequest;
import io.varve.proto.v1.GetAppendResponse;
import io.varve.proto.v1.GetHeadRequest;
import io.varve.proto.v1.GetHeadResponse;
import io.varve.proto.v1.GetSourceRequest;
import io.varve.proto.v1.GetSourceResponse;
import io.varve.proto.v1.LogServiceGrpc;
import io.varve.proto.v1.NewEvent;
import io.varve.proto.v1.ReadRequest;
import io.varve.proto.v1.ReadResponse;
import io.varve.proto.v1.RecordedEvent;
import io.varve.proto.v1.SourceVersion;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A log in memory behind the real API, with one bug seeded on purpose: what the fault tests' own
 * machinery (callers, proxy, history, checker) is tried against. Without a bug it must be cleared,
 * with one it must be convicted.
 */
final class BuggyLog extends LogServiceGrpc.LogServiceImplBase implements AutoCloseable {

  /** What is wrong with it. */
  enum Bug {
    /** Nothing. */
    NONE,
    /** Decides a repeated append id anew: what resting on a cache that expires comes to. */
    FORGETS_APPEND_IDS,
    /** Acknowledges every 20th append and does not keep it. */
    LOSES_ACKNOWLEDGED,
    /** Answers a repeated append id as if it had landed just now. */
    ANSWERS_ANEW,
    /** Checks every 20th expected version loosely, as a stale cache would. */
    CHECKS_LOOSELY,
    /** Answers every 20th append with the answer of the one before: a call id that repeats. */
    MIXES_UP_ANSWERS,
    /** Reads versions that are old. */
    READS_STALE
  }

  private static final int EVERY = 20;

  private final Bug bug;
  private final Server server;
  private final List<RecordedEvent> log = new ArrayList<>(); // all state is guarded by this
  private final Map<String, List<RecordedEvent>> sources = new HashMap<>();
  private final Map<ByteString, Appended> answers = new HashMap<>();
  private Appended previous = Appended.getDefaultInstance();
  private long decided;

  BuggyLog(Bug bug) {
    this.bug = bug;
    try {
      server =
          NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
              .addService(this)
              .build()
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  int port() {
    return server.getPort();
  }

  @Override
  public void append(AppendRequest request, StreamObserver<AppendResponse> observer) {
    AppendResponse response;
    synchronized (this) {
      response = decide(request.getAppend());
    }
    observer.onNext(response);
    observer.onCompleted();
  }

  @Override
  public StreamObserver<AppendStreamRequest> appendStream(
      StreamObserver<AppendStreamResponse> observer) {
    return new StreamObserver<>() {
      @Override
      public void onNext(AppendStreamRequest request) {
        synchronized (BuggyLog.this) {
          AppendResponse response = decide(request.getAppend());
          AppendStreamResponse.Builder answer = AppendStreamResponse.newBuilder();
          if (response.hasConflict()) {
            answer.setConflict(response.getConflict());
          } else {
            answer.setAppended(response.getAppended());
          }
          observer.onNext(answer.build());
        }
      }

      @Override
      public void onError(Throwable failure) {
        // The caller is gone; so is its stream.
      }

      @Override
      public void onCompleted() {
        observer.onCompleted();
      }
    };
  }

  private AppendResponse decide(Append append) {
    decided++;
    boolean misbehave = decided % EVERY == 0;
    Appended original = answers.get(append.getAppendId().getId());
    if (original != null && bug != Bug.FORGETS_APPEND_IDS) {
      Appended.Builder again = original.toBuilder().setReplayed(true);
      if (bug == Bug.ANSWERS_ANEW) {
        again.setRecorded(now());
      }
      return AppendResponse.newBuilder().setAppended(again).build();
    }
    Conflict.Builder conflict = Conflict.newBuilder();
    for (int i = 0; i < append.getConditionsCount(); i++) {
      Condition condition = append.getConditions(i);
      List<RecordedEvent> events = of(condition.getExpectedVersion().getSource());
      boolean looselyChecked = bug == Bug.CHECKS_LOOSELY && misbehave;
      if (events.size() != condition.getExpectedVersion().getExactly() && !looselyChecked) {
        FailedCondition.Builder failed =
            FailedCondition.newBuilder()
                .setIndex(i)
                .setExpected(condition)
                .setFoundVersion(events.size());
        if (!events.isEmpty()) {
          RecordedEvent newest = events.get(events.size() - 1);
          failed.setNewest(
              ConflictingEvent.newBuilder()
                  .setPosition(newest.getPosition())
                  .setSource(newest.getSource())
                  .setType(newest.getType()));
        }
        conflict.addFailed(failed);
      }
    }
    if (conflict.getFailedCount() > 0) {
      return AppendResponse.newBuilder().setConflict(conflict).build();
    }
    Appended landed = land(append, bug == Bug.LOSES_ACKNOWLEDGED && misbehave);
    answers.put(append.getAppendId().getId(), landed);
    Appended told = bug == Bug.MIXES_UP_ANSWERS && misbehave ? previous : landed;
    previous = landed;
    return AppendResponse.newBuilder().setAppended(told).build();
  }

  private Appended land(Append append, boolean lose) {
    Appended.Builder answer = Appended.newBuilder().setFirstPosition(log.size() + 1L);
    Timestamp recorded = now();
    Map<String, Long> versions = new LinkedHashMap<>();
    for (int i = 0; i < append.getEventsCount(); i++) {
      NewEvent event = append.getEvents(i);
      List<RecordedEvent> earlier = of(event.getSource());
      RecordedEvent record =
          RecordedEvent.newBuilder()
              .setPosition(log.size() + 1L)
              .setVersion(earlier.size() + 1L)
              .setSource(event.getSource())
              .setType(event.getType())
              .setSourceType(event.getSourceType())
              .addAllTags(event.getTagsList())
              .setData(event.getData())
              .setId(event.getId())
              .setRecorded(recorded)
              .build();
      versions.put(event.getSource(), record.getVersion());
      if (!lose) {
        earlier.add(record);
        log.add(record);
      }
    }
    versions.forEach(
        (source, version) ->
            answer.addVersions(SourceVersion.newBuilder().setSource(source).setVersion(version)));
    return answer
        .setLastPosition(answer.getFirstPosition() + append.getEventsCount() - 1)
        .setRecorded(recorded)
        .build();
  }

  private List<RecordedEvent> of(String source) {
    return sources.computeIfAbsent(source, name -> new ArrayList<>());
  }

  private static Timestamp now() {
    long nanos = System.nanoTime();
    return Timestamp.newBuilder()
        .setSeconds(nanos / 1_000_000_000)
        .setNanos((int) (nanos % 1_000_000_000))
        .build();
  }

  @Override
  public synchronized void getAppend(
      GetAppendRequest request, StreamObserver<GetAppendResponse> observer) {
    GetAppendResponse.Builder response = GetAppendResponse.newBuilder().setHead(log.size());
    Appended original = answers.get(request.getAppendId().getId());
    if (original != null) {
      response.setAppended(original.toBuilder().setReplayed(true));
    }
    observer.onNext(response.build());
    observer.onCompleted();
  }

  @Override
  public synchronized void read(ReadRequest request, StreamObserver<ReadResponse> observer) {
    observer.onNext(ReadResponse.newBuilder().setHead(log.size()).addAllEvents(log).build());
    observer.onCompleted();
  }

  @Override
  public synchronized void getSource(
      GetSourceRequest request, StreamObserver<GetSourceResponse> observer) {
    long version = of(request.getSource()).size();
    observer.onNext(
        GetSourceResponse.newBuilder()
            .setHead(log.size())
            .setVersion(bug == Bug.READS_STALE ? Math.max(0, version - 1) : version)
            .build());
    observer.onCompleted();
  }

  @Override
  public synchronized void getHead(
      GetHeadRequest request, StreamObserver<GetHeadResponse> observer) {
    observer.onNext(GetHeadResponse.newBuilder().setHead(log.size()).build());
    observer.onCompleted();
  }

  @Override
  public void close() {
    server.shutdownNow();
  }
}
