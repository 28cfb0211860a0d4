package io.varve.node.read;

import com.google.protobuf.ByteString;
import io.varve.node.cluster.Replicator;
import io.varve.node.wire.ErrorException;
import io.varve.node.wire.Errors;
import io.varve.proto.v1.Error;
import io.varve.proto.v1.ErrorCode;
import io.varve.proto.v1.GetAppendRequest;
import io.varve.proto.v1.GetAppendResponse;
import io.varve.proto.v1.GetHeadRequest;
import io.varve.proto.v1.GetHeadResponse;
import io.varve.proto.v1.GetSourceRequest;
import io.varve.proto.v1.GetSourceResponse;
import io.varve.proto.v1.ReadRequest;
import io.varve.proto.v1.ReadResponse;
import io.varve.proto.v1.SubscribeRequest;
import io.varve.proto.v1.SubscribeResponse;
import io.varve.statemachine.AppendValidator;
import io.varve.statemachine.EventCursor;
import io.varve.statemachine.LogReader;
import io.varve.statemachine.LogReader.Direction;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * Every read a node serves. Thread-safe; nothing here blocks its caller. Log name and identity of a
 * request were checked before.
 *
 * <p>Futures complete, and sinks are failed, with what {@link Errors#of(Throwable)} understands.
 */
public final class LogReads implements AutoCloseable {

  /** After so long without a message to its caller, a stream gives its cursor back. */
  private static final Duration IDLE = Duration.ofSeconds(5);

  private final LogReader reader;
  private final ReadOptions options;
  private final Supplier<ByteString> logIdentity;
  private final ExecutorService workers;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "varve-read-timer");
            thread.setDaemon(true);
            return thread;
          });
  private final Tail tail;
  private final TailWindow window;
  private final Freshness freshness;
  private final Selections selections;
  private final PointReads points;
  private final Set<EventStream<?>> streams = ConcurrentHashMap.newKeySet();
  private volatile boolean closing;

  /**
   * Reads of one node.
   *
   * @param logIdentity the log identity, not empty
   */
  public LogReads(
      LogReader reader,
      Replicator replicator,
      AppendValidator validator,
      Supplier<ByteString> logIdentity,
      ReadOptions options) {
    this.reader = reader;
    this.options = options;
    this.logIdentity = logIdentity;
    this.workers = newWorkers(options.workers());
    this.tail = new Tail(reader, workers);
    this.window = new TailWindow(reader, options.windowEvents(), options.windowBytes());
    this.freshness = new Freshness(replicator, reader, tail, workers);
    this.selections = new Selections(validator);
    this.points = new PointReads(reader, logIdentity);
    var unused =
        timer.scheduleWithFixedDelay(
            () -> restIdleStreams(IDLE.toNanos()),
            IDLE.toMillis(),
            IDLE.toMillis(),
            TimeUnit.MILLISECONDS);
  }

  /** The head has moved. May be called on the apply thread: short. */
  public void headMoved() {
    tail.moved();
  }

  /** How many reads and subscriptions are open. */
  public int openStreams() {
    return streams.size();
  }

  /** The head. */
  public CompletableFuture<GetHeadResponse> head(GetHeadRequest request, long deadlineNanos) {
    return freshness
        .reached(request.getConsistency(), deadlineNanos)
        .thenApplyAsync(fresh -> points.head(), workers);
  }

  /** A source's version. */
  public CompletableFuture<GetSourceResponse> source(GetSourceRequest request, long deadlineNanos) {
    return checked(() -> selections.source(request.getSource()))
        .thenCompose(source -> freshness.reached(request.getConsistency(), deadlineNanos))
        .thenApplyAsync(fresh -> points.source(request.getSource()), workers);
  }

  /** What became of an append. */
  public CompletableFuture<GetAppendResponse> append(GetAppendRequest request, long deadlineNanos) {
    return checked(
            () -> {
              PointReads.check(request.getAppendId());
              return request.getAppendId();
            })
        .thenCompose(id -> freshness.linearizable(deadlineNanos))
        .thenApplyAsync(fresh -> points.append(request.getAppendId()), workers);
  }

  /** Sends the events that exist. */
  public void read(ReadRequest request, MessageSink<ReadResponse> sink, long deadlineNanos) {
    FiniteRead.Range range;
    try {
      range = range(request);
    } catch (ErrorException e) {
      sink.failed(e.error());
      return;
    }
    StreamEnd end = new StreamEnd();
    FiniteRead read = new FiniteRead(workers, sink, end, range, reader, logIdentity, options);
    if (admit(read, sink, end)) {
      startWhen(
          freshness.reached(request.getConsistency(), deadlineNanos).thenRun(read::start), read);
    }
  }

  /** Sends the events that exist, and those to come. */
  public void subscribe(
      SubscribeRequest request, MessageSink<SubscribeResponse> sink, long deadlineNanos) {
    Selection selection;
    CompletableFuture<Long> start;
    try {
      selection = selections.of(request);
      start = start(request, selection, deadlineNanos);
    } catch (ErrorException e) {
      sink.failed(e.error());
      return;
    }
    StreamEnd end = new StreamEnd();
    Subscription subscription =
        new Subscription(workers, sink, end, selection, reader, window, logIdentity, options);
    if (admit(subscription, sink, end)) {
      tail.follow(subscription);
      startWhen(start.thenAccept(subscription::startAfter), subscription);
    }
  }

  /** Ends every stream: another node may serve it. Later calls are refused. */
  @Override
  public void close() {
    closing = true;
    timer.shutdownNow();
    Error error = Errors.of(ErrorCode.ERROR_CODE_UNAVAILABLE, "this node is shutting down");
    streams.forEach(stream -> stream.fail(error));
    workers.shutdown();
    try {
      if (!workers.awaitTermination(5, TimeUnit.SECONDS)) {
        workers.shutdownNow();
      }
    } catch (InterruptedException e) {
      workers.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }

  /** Closes the cursors of streams whose callers have taken nothing for so long. */
  void restIdleStreams(long idleNanos) {
    streams.forEach(stream -> stream.restIfIdle(idleNanos));
  }

  /** How many streams have a cursor open. */
  long openCursors() {
    return streams.stream().filter(EventStream::holdsCursor).count();
  }

  private FiniteRead.Range range(ReadRequest request) {
    Selection selection = selections.of(request);
    Direction direction = request.getBackward() ? Direction.BACKWARD : Direction.FORWARD;
    long limit = Positions.checked(request.getLimit(), "limit");
    Supplier<EventCursor> first =
        switch (request.getStartCase()) {
          case FROM_VERSION -> {
            if (!(selection instanceof Selection.OneSource one)) {
              throw new ErrorException(
                  Errors.invalid("from_version", "from_version needs a source to be selected"));
            }
            long version = Positions.checked(request.getFromVersion(), "from_version");
            yield () -> reader.source(one.source(), version, direction);
          }
          case FROM_POSITION -> {
            long position = Positions.checked(request.getFromPosition(), "from_position");
            yield () -> selection.open(reader, position, direction);
          }
          case START_NOT_SET -> {
            long start = direction == Direction.FORWARD ? 1 : Long.MAX_VALUE;
            yield () -> selection.open(reader, start, direction);
          }
        };
    return new FiniteRead.Range(selection, direction, limit, first);
  }

  private CompletableFuture<Long> start(
      SubscribeRequest request, Selection selection, long deadlineNanos) {
    return switch (request.getStartCase()) {
      case AFTER_POSITION -> {
        long position = Positions.checked(request.getAfterPosition(), "after_position");
        yield known(reader::head, position, "after_position", deadlineNanos);
      }
      case AFTER_VERSION -> {
        if (!(selection instanceof Selection.OneSource one)) {
          throw new ErrorException(
              Errors.invalid("after_version", "after_version needs a source to be selected"));
        }
        long version = Positions.checked(request.getAfterVersion(), "after_version");
        yield known(() -> reader.version(one.source()), version, "after_version", deadlineNanos)
            .thenApply(
                after -> after == 0 ? 0L : reader.position(one.source(), after).orElseThrow());
      }
      case AFTER_HEAD -> {
        if (!request.getAfterHead()) {
          throw new ErrorException(
              Errors.invalid("after_head", "after_head must be true when it is set"));
        }
        yield freshness.linearizable(deadlineNanos).thenApply(fresh -> reader.head());
      }
      case START_NOT_SET -> CompletableFuture.completedFuture(0L);
    };
  }

  /** A start that exists: if not here yet, then in the log, of which this node may lag behind. */
  private CompletableFuture<Long> known(
      Supplier<Long> newest, long start, String field, long deadlineNanos) {
    if (start <= newest.get()) {
      return CompletableFuture.completedFuture(start);
    }
    return freshness
        .linearizable(deadlineNanos)
        .thenApply(
            fresh -> {
              long most = newest.get();
              if (start > most) {
                throw new ErrorException(
                    Errors.of(
                        ErrorCode.ERROR_CODE_OUT_OF_RANGE,
                        field,
                        field + " is " + start + "; the newest is " + most));
              }
              return start;
            });
  }

  private boolean admit(EventStream<?> stream, MessageSink<?> sink, StreamEnd end) {
    end.stream = stream;
    streams.add(stream);
    boolean full = streams.size() > options.maxStreams();
    if (closing || full) {
      streams.remove(stream);
      sink.failed(
          full
              ? Errors.of(
                  ErrorCode.ERROR_CODE_OVERLOADED,
                  "this node serves at most " + options.maxStreams() + " reads and subscriptions")
              : Errors.of(ErrorCode.ERROR_CODE_UNAVAILABLE, "this node is shutting down"));
      return false;
    }
    sink.onReady(stream::schedule);
    sink.onCancel(stream::cancel);
    return true;
  }

  private static void startWhen(CompletableFuture<Void> fresh, EventStream<?> stream) {
    CompletableFuture<Void> unused =
        fresh.exceptionally(
            failure -> {
              stream.fail(Errors.of(failure));
              return null;
            });
  }

  private static <T> CompletableFuture<T> checked(Supplier<T> check) {
    try {
      return CompletableFuture.completedFuture(check.get());
    } catch (ErrorException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private static ExecutorService newWorkers(int threads) {
    AtomicInteger number = new AtomicInteger();
    // The queue is bounded by what is put there: each stream at most once, and one continuation per
    // call. After the close, what still comes is dropped: its caller was told already.
    return new ThreadPoolExecutor(
        threads,
        threads,
        0,
        TimeUnit.SECONDS,
        new LinkedBlockingQueue<>(),
        task -> {
          Thread thread = new Thread(task, "varve-read-" + number.incrementAndGet());
          thread.setDaemon(true);
          return thread;
        },
        new ThreadPoolExecutor.DiscardPolicy());
  }

  /** Forgets a stream that has ended. */
  private final class StreamEnd implements Runnable {
    private EventStream<?> stream;

    @Override
    public void run() {
      streams.remove(stream);
      tail.unfollow(stream);
    }
  }
}
