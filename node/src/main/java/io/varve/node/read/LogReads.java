package io.varve.node.read;

import com.google.protobuf.ByteString;
import io.varve.node.cluster.Replicator;
import io.varve.node.metrics.Metrics;
import io.varve.node.wire.ErrorException;
import io.varve.node.wire.Errors;
import io.varve.proto.v1.Error;
import io.varve.proto.v1.ErrorCode;
import io.varve.proto.v1.GetAppendRequest;
import io.varve.proto.v1.GetAppendResponse;
import io.varve.proto.v1.GetChainHashRequest;
import io.varve.proto.v1.GetChainHashResponse;
import io.varve.proto.v1.GetHeadRequest;
import io.varve.proto.v1.GetHeadResponse;
import io.varve.proto.v1.GetOriginRequest;
import io.varve.proto.v1.GetOriginResponse;
import io.varve.proto.v1.GetPositionRequest;
import io.varve.proto.v1.GetPositionResponse;
import io.varve.proto.v1.GetSourceRequest;
import io.varve.proto.v1.GetSourceResponse;
import io.varve.proto.v1.ListSourcesRequest;
import io.varve.proto.v1.ListSourcesResponse;
import io.varve.proto.v1.ReadLatestRequest;
import io.varve.proto.v1.ReadLatestResponse;
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
import java.util.function.BooleanSupplier;
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
  private final PageReads pages;
  private final Set<OpenCall> calls = ConcurrentHashMap.newKeySet();
  private final Set<EventStream<?>> streams = ConcurrentHashMap.newKeySet();
  private volatile boolean closing;
  private volatile ReadMetrics metrics;

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
    this.pages = new PageReads(reader, validator, logIdentity);
    this.metrics = ReadMetrics.of(new Metrics(), streams, reader, window);
    var unused =
        timer.scheduleWithFixedDelay(
            () -> restIdleStreams(IDLE.toNanos()),
            IDLE.toMillis(),
            IDLE.toMillis(),
            TimeUnit.MILLISECONDS);
  }

  /** Counts what is sent from now on, and shows how far behind streams are. Call it once. */
  public void measure(Metrics metrics) {
    this.metrics = ReadMetrics.of(metrics, streams, reader, window);
    metrics.gauge(
        "varve_read_calls_open", "Reads with a single answer that are under way.", calls::size);
    metrics.gauge(
        "varve_read_calls_waiting",
        "Reads that wait for a position to be applied here.",
        tail::waiting);
  }

  /** The head has moved. May be called on the apply thread: short. */
  public void headMoved() {
    tail.moved();
  }

  /** How many reads and subscriptions are open. */
  public int openStreams() {
    return streams.size();
  }

  /** How many events were read from the store once for all who follow the tail. */
  public long tailEventsRead() {
    return window.eventsRead();
  }

  /** How many calls wait for a position to be applied here. */
  public int waiting() {
    return tail.waiting();
  }

  /** How many calls with a single answer are open. */
  public int openCalls() {
    return calls.size();
  }

  /** The head. */
  public CompletableFuture<GetHeadResponse> head(GetHeadRequest request, long deadlineNanos) {
    return answer(() -> freshness.reached(request.getConsistency(), deadlineNanos), points::head);
  }

  /** A source's version. */
  public CompletableFuture<GetSourceResponse> source(GetSourceRequest request, long deadlineNanos) {
    return answer(
        () -> {
          selections.source(request.getSource());
          return freshness.reached(request.getConsistency(), deadlineNanos);
        },
        () -> points.source(request.getSource()));
  }

  /** What became of an append. */
  public CompletableFuture<GetAppendResponse> append(GetAppendRequest request, long deadlineNanos) {
    return answer(
        () -> {
          PointReads.check(request.getAppendId());
          return freshness.linearizable(deadlineNanos);
        },
        () -> points.append(request.getAppendId()));
  }

  /** A page of the newest events of a source's keys. */
  public CompletableFuture<ReadLatestResponse> latest(
      ReadLatestRequest request, long deadlineNanos) {
    return answer(
        () -> {
          pages.check(request);
          // A later page need not be newer than the first, only no older.
          return request.getAsOf() == 0
              ? freshness.reached(request.getConsistency(), deadlineNanos)
              : freshness.applied(request.getAsOf(), deadlineNanos);
        },
        () -> pages.latest(request));
  }

  /** A page of sources. */
  public CompletableFuture<ListSourcesResponse> sources(
      ListSourcesRequest request, long deadlineNanos) {
    return answer(
        () -> {
          pages.check(request);
          return freshness.reached(request.getConsistency(), deadlineNanos);
        },
        () -> pages.sources(request));
  }

  /** The newest position recorded at or before a time. */
  public CompletableFuture<GetPositionResponse> position(
      GetPositionRequest request, long deadlineNanos) {
    return answer(
        () -> {
          PointReads.check(request);
          return freshness.reached(request.getConsistency(), deadlineNanos);
        },
        () -> points.position(request));
  }

  /** How far a client's buffer has landed. */
  public CompletableFuture<GetOriginResponse> origin(GetOriginRequest request, long deadlineNanos) {
    return answer(
        () -> {
          selections.name(request.getClientId(), "client_id");
          selections.name(request.getBufferId(), "buffer_id");
          return freshness.reached(request.getConsistency(), deadlineNanos);
        },
        () -> points.origin(request));
  }

  /**
   * The chain hash of this node's own log, once it has applied the position.
   *
   * @param nodeId this node's id
   */
  public CompletableFuture<GetChainHashResponse> chainHash(
      GetChainHashRequest request, String nodeId, long deadlineNanos) {
    return answer(
        () -> {
          long position = Positions.checked(request.getPosition(), "position");
          return freshness.applied(position, deadlineNanos);
        },
        () -> points.chainHash(request.getPosition(), nodeId));
  }

  /** Sends the events that exist. */
  public void read(ReadRequest request, MessageSink<ReadResponse> caller, long deadlineNanos) {
    MessageSink<ReadResponse> sink = new CountedSink<>(caller, metrics::sent);
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
          () -> freshness.reached(request.getConsistency(), deadlineNanos), read::start, read, end);
    }
  }

  /** Sends the events that exist, and those to come. */
  public void subscribe(
      SubscribeRequest request, MessageSink<SubscribeResponse> caller, long deadlineNanos) {
    MessageSink<SubscribeResponse> sink = new CountedSink<>(caller, metrics::sent);
    Selection selection;
    Start start;
    try {
      selection = selections.of(request);
      start = start(request, selection);
    } catch (ErrorException e) {
      sink.failed(e.error());
      return;
    }
    StreamEnd end = new StreamEnd();
    Subscription subscription =
        new Subscription(workers, sink, end, selection, reader, window, logIdentity, options);
    if (admit(subscription, sink, end)) {
      tail.follow(subscription);
      startWhen(
          () -> start.isKnown().getAsBoolean() ? done() : freshness.linearizable(deadlineNanos),
          () -> subscription.startAfter(start.position().get()),
          subscription,
          end);
    }
  }

  /** Ends every stream: another node may serve it. Later calls are refused. */
  @Override
  public void close() {
    closing = true;
    timer.shutdownNow();
    Error error = shuttingDown();
    streams.forEach(stream -> stream.fail(error));
    calls.forEach(call -> call.answer.completeExceptionally(new ErrorException(error)));
    workers.shutdown();
    try {
      boolean unused = workers.awaitTermination(5, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    workers.shutdownNow().forEach(Runnable::run); // nothing, when they ended in time
  }

  /** Closes the cursors of streams whose callers have taken nothing for so long. */
  void restIdleStreams(long idleNanos) {
    streams.forEach(stream -> stream.restIfIdle(idleNanos));
  }

  /** How many streams have a cursor open. */
  public long openCursors() {
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

  /**
   * Where a subscription starts.
   *
   * @param isKnown whether this node can tell the position by itself; if not now, then once it is
   *     as far as everything acknowledged before the call
   * @param position tells it
   */
  private record Start(BooleanSupplier isKnown, Supplier<Long> position) {}

  private Start start(SubscribeRequest request, Selection selection) {
    return switch (request.getStartCase()) {
      case AFTER_POSITION -> {
        long position = Positions.checked(request.getAfterPosition(), "after_position");
        yield new Start(
            () -> position <= reader.head(),
            () -> notAbove(reader.head(), position, "after_position"));
      }
      case AFTER_VERSION -> {
        if (!(selection instanceof Selection.OneSource one)) {
          throw new ErrorException(
              Errors.invalid("after_version", "after_version needs a source to be selected"));
        }
        long version = Positions.checked(request.getAfterVersion(), "after_version");
        String source = one.source();
        yield new Start(
            () -> version <= reader.version(source),
            () -> {
              long after = notAbove(reader.version(source), version, "after_version");
              return after == 0 ? 0L : reader.position(source, after).orElseThrow();
            });
      }
      case AFTER_HEAD -> {
        if (!request.getAfterHead()) {
          throw new ErrorException(
              Errors.invalid("after_head", "after_head is false; it must be true when it is set"));
        }
        yield new Start(() -> false, reader::head);
      }
      case START_NOT_SET -> new Start(() -> true, () -> 0L);
    };
  }

  private static long notAbove(long newest, long start, String field) {
    if (start > newest) {
      throw new ErrorException(
          Errors.of(
              ErrorCode.ERROR_CODE_OUT_OF_RANGE,
              field,
              field + " is " + start + "; the newest is " + newest));
    }
    return start;
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
              : shuttingDown());
      return false;
    }
    sink.onReady(stream::schedule);
    sink.onCancel(stream::cancel);
    return true;
  }

  /** Starts a stream once it may be; gives up waiting when the stream ends before. */
  private static void startWhen(
      Supplier<CompletableFuture<Void>> wait,
      Runnable start,
      EventStream<?> stream,
      StreamEnd end) {
    CompletableFuture<Void> awaited = checked(wait);
    end.ends(awaited);
    CompletableFuture<Void> unused =
        awaited
            .thenRun(start)
            .exceptionally(
                failure -> {
                  if (!awaited.isCancelled()) {
                    stream.fail(Errors.of(failure));
                  }
                  return null;
                });
  }

  /**
   * Answers a call once it may be. Whoever cancels the answer is waited for no more.
   *
   * @param wait checks the request, and says when it may be answered; may throw
   * @param read answers from what is applied here
   */
  private <T> CompletableFuture<T> answer(
      Supplier<CompletableFuture<Void>> wait, Supplier<T> read) {
    // Before anything is done for it. Callers that come at once may exceed the bound by their
    // number.
    if (calls.size() >= options.maxStreams()) {
      return CompletableFuture.failedFuture(
          new ErrorException(
              ErrorCode.ERROR_CODE_OVERLOADED,
              "this node serves at most " + options.maxStreams() + " calls at a time"));
    }
    CompletableFuture<Void> awaited = checked(wait);
    CompletableFuture<T> answer = awaited.thenApplyAsync(done -> read.get(), workers);
    OpenCall call = new OpenCall(answer);
    calls.add(call);
    CompletableFuture<T> unused =
        answer.whenComplete(
            (response, failure) -> {
              calls.remove(call);
              awaited.cancel(false);
            });
    if (closing) {
      answer.completeExceptionally(new ErrorException(shuttingDown()));
    }
    return answer;
  }

  private static CompletableFuture<Void> done() {
    return CompletableFuture.completedFuture(null);
  }

  private static CompletableFuture<Void> checked(Supplier<CompletableFuture<Void>> wait) {
    try {
      return wait.get();
    } catch (RuntimeException refused) {
      return CompletableFuture.failedFuture(refused);
    }
  }

  private static Error shuttingDown() {
    return Errors.of(ErrorCode.ERROR_CODE_UNAVAILABLE, "this node is shutting down");
  }

  private static ExecutorService newWorkers(int threads) {
    AtomicInteger number = new AtomicInteger();
    // The queue is bounded by what is put there: each stream at most once, and one continuation per
    // call. After the close, who still asks for work does it: a stream that a worker was at when it
    // was told to end must end all the same.
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
        (task, shutDown) -> task.run());
  }

  /** A call with a single answer, until it is given. */
  private static final class OpenCall {
    private final CompletableFuture<?> answer;

    OpenCall(CompletableFuture<?> answer) {
      this.answer = answer;
    }
  }

  /** Forgets a stream that has ended. */
  private final class StreamEnd implements Runnable {
    private EventStream<?> stream;
    private volatile boolean over;
    private volatile CompletableFuture<Void> wait = done();

    @Override
    public void run() {
      over = true;
      streams.remove(stream);
      tail.unfollow(stream);
      wait.cancel(false);
    }

    /** What the stream waits for before it starts; of no interest once the stream is over. */
    void ends(CompletableFuture<Void> awaited) {
      wait = awaited;
      if (over) {
        awaited.cancel(false);
      }
    }
  }
}
