package io.varve.client.internal;

import io.varve.client.AppendId;
import io.varve.client.AppendLookup;
import io.varve.client.AppendRequest;
import io.varve.client.AppendResult;
import io.varve.client.ChainHash;
import io.varve.client.ClientClosedException;
import io.varve.client.ClusterDescription;
import io.varve.client.DeadlineExceededException;
import io.varve.client.Event;
import io.varve.client.EventStream;
import io.varve.client.Head;
import io.varve.client.InternalException;
import io.varve.client.LatestOptions;
import io.varve.client.LatestPage;
import io.varve.client.ListSourcesOptions;
import io.varve.client.OriginProgress;
import io.varve.client.Paged;
import io.varve.client.ReadConsistency;
import io.varve.client.ReadOptions;
import io.varve.client.SourceState;
import io.varve.client.SourcesPage;
import io.varve.client.SubscribeOptions;
import io.varve.client.Subscription;
import io.varve.client.SubscriptionItem;
import io.varve.client.SubscriptionListener;
import io.varve.client.SubscriptionStream;
import io.varve.client.UnavailableException;
import io.varve.client.VarveClient;
import io.varve.proto.v1.ClusterServiceGrpc;
import io.varve.proto.v1.DescribeRequest;
import io.varve.proto.v1.DescribeResponse;
import io.varve.proto.v1.GetAppendRequest;
import io.varve.proto.v1.GetChainHashRequest;
import io.varve.proto.v1.GetHeadRequest;
import io.varve.proto.v1.GetHeadResponse;
import io.varve.proto.v1.GetOriginRequest;
import io.varve.proto.v1.GetPositionRequest;
import io.varve.proto.v1.GetSourceRequest;
import io.varve.proto.v1.ListSourcesRequest;
import io.varve.proto.v1.ListSourcesResponse;
import io.varve.proto.v1.LogServiceGrpc;
import io.varve.proto.v1.Member;
import io.varve.proto.v1.ReadLatestRequest;
import io.varve.proto.v1.ReadLatestResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;

/** The client: puts the parts together. */
public final class DefaultVarveClient implements VarveClient {

  /** What {@link #readAsync} holds in memory. */
  /**
   * More would cost nodes more; with fewer, callers would wait longer for the next one to begin.
   */
  private static final int HEAD_READS_AT_A_TIME = 2;

  private static final long MAX_COLLECTED = 10_000;

  private final ClientSettings settings;
  private final Transport transport;
  private final LogState log;
  private final Nodes nodes;
  private final Completions completions;
  private final Unary unary;
  private final Appender appender;
  private final HeadReads headReads;

  /** Open reads and subscriptions; {@link Nodes} bounds how many there are. */
  private final Set<AutoCloseable> open = ConcurrentHashMap.newKeySet();

  private final AtomicBoolean closed = new AtomicBoolean();

  /** Makes a client; it connects when it is first used. */
  public DefaultVarveClient(ClientSettings settings) {
    if (settings.targets().isEmpty()) {
      throw new IllegalArgumentException("name at least one target");
    }
    List<Address> targets = settings.targets().stream().map(Address::parse).distinct().toList();
    this.settings = settings;
    this.transport = new Transport(settings.tls(), settings.token(), settings.connectTimeout());
    this.log = new LogState(settings.log(), settings.logIdentity());
    this.nodes = new Nodes(targets, transport, settings.learnAddresses());
    this.completions = new Completions(settings.executor());
    this.unary = new Unary(nodes, transport, settings.retry(), completions);
    this.appender = new Appender(nodes, log, transport, completions, settings);
    this.headReads =
        new HeadReads(
            HEAD_READS_AT_A_TIME, () -> readHead(ReadConsistency.linearizable()), this::failInTime);
    nodes.onLeader(this::learnMembers);
  }

  /** After a change of leader, learns where the nodes are that joined meanwhile. */
  private void learnMembers() {
    UnaryCall.start(
        nodes,
        nodes.leaderOrAny(),
        ClusterServiceGrpc.getDescribeMethod(),
        DescribeRequest.getDefaultInstance(),
        settings.connectTimeout().toNanos(),
        new UnaryCall.Callback<DescribeResponse>() {
          @Override
          public void answered(DescribeResponse response, Optional<Address> leader) {
            nodes.members(
                response.getMembersList().stream().map(Member::getClientAddress).toList());
          }

          @Override
          public void failed(Failure failure, Optional<Address> leader) {
            // Another change, or another day.
          }
        });
  }

  // ---- appending ----

  @Override
  public CompletableFuture<AppendResult> appendAsync(AppendRequest request) {
    return append(request, request.deadline().orElse(settings.deadline()));
  }

  private AppendOp append(AppendRequest request, Duration deadline) {
    return appender.append(
        new AppendOp(
            request.identity(),
            AppendFrame.encodeBody(request.events(), request.conditions()),
            System.nanoTime() + deadline.toNanos()));
  }

  @Override
  public AppendResult append(AppendRequest request) {
    transport.requireMayWait();
    AppendOp op = append(request, request.deadline().orElse(settings.deadline()));
    try {
      return Waiting.await(op);
    } catch (InterruptedException interrupted) {
      // Keeps it from being sent if it has not been; whether it has, only the append thread knows.
      op.cancel(false);
      Thread.currentThread().interrupt();
      throw op.outcomeUnknown("interrupted while waiting for the answer", interrupted);
    }
  }

  @Override
  public AppendId newAppendId() {
    long known = log.knownHead();
    return new AppendId(UUID.randomUUID(), known == LogState.UNKNOWN ? head().position() : known);
  }

  @Override
  public CompletableFuture<AppendLookup> getAppendAsync(AppendId appendId) {
    Objects.requireNonNull(appendId, "appendId");
    return unary.call(
        LogServiceGrpc.getGetAppendMethod(),
        () ->
            GetAppendRequest.newBuilder()
                .setLog(log.name())
                .setLogIdentity(log.identity())
                .setAppendId(
                    io.varve.proto.v1.AppendId.newBuilder()
                        .setId(Uuids.toBytes(appendId.id()))
                        .setKnownPosition(appendId.knownPosition()))
                .build(),
        response -> {
          log.learn(response.getLogIdentity(), response.getHead());
          return new AppendLookup(
              response.getHead(),
              response.hasAppended()
                  ? Optional.of(Convert.appended(response.getAppended()))
                  : Optional.empty());
        },
        true,
        settings.deadline());
  }

  @Override
  public AppendLookup getAppend(AppendId appendId) {
    return await(() -> getAppendAsync(appendId));
  }

  // ---- reading ----

  @Override
  public CompletableFuture<Head> headAsync(ReadConsistency consistency) {
    Objects.requireNonNull(consistency, "consistency");
    return consistency.equals(ReadConsistency.linearizable())
        ? headReads.read()
        : readHead(consistency);
  }

  private CompletableFuture<Head> readHead(ReadConsistency consistency) {
    return unary.call(
        LogServiceGrpc.getGetHeadMethod(),
        () ->
            GetHeadRequest.newBuilder()
                .setLog(log.name())
                .setLogIdentity(log.identity())
                .setConsistency(Convert.consistency(consistency))
                .build(),
        this::head,
        !consistency.answersLocally(),
        settings.deadline());
  }

  private void failInTime(CompletableFuture<Head> waiting) {
    long deadlineNanos = settings.deadline().toNanos();
    io.netty.util.concurrent.Future<?> timer =
        transport
            .networkLoop()
            .schedule(
                () ->
                    completions.fail(
                        waiting,
                        new DeadlineExceededException(
                            "the head was not read within "
                                + TimeUnit.NANOSECONDS.toMillis(deadlineNanos)
                                + " ms",
                            null)),
                deadlineNanos,
                TimeUnit.NANOSECONDS);
    CompletableFuture<Head> unused = waiting.whenComplete((head, failure) -> timer.cancel(false));
  }

  private Head head(GetHeadResponse response) {
    log.learn(response.getLogIdentity(), response.getHead());
    return new Head(
        response.getHead(),
        response.hasRecorded()
            ? Optional.of(Convert.instant(response.getRecorded()))
            : Optional.empty(),
        Uuids.fromBytes(response.getLogIdentity())
            .orElseThrow(
                () -> new InternalException("the node answered without a log identity", null)));
  }

  @Override
  public Head head(ReadConsistency consistency) {
    return await(() -> headAsync(consistency));
  }

  @Override
  public OptionalLong knownHead() {
    long known = log.knownHead();
    return known == LogState.UNKNOWN ? OptionalLong.empty() : OptionalLong.of(known);
  }

  @Override
  public CompletableFuture<Long> recentHeadAsync() {
    CompletableFuture<Long> recent = new CompletableFuture<>();
    CompletableFuture<Head> unused =
        headReads
            .join()
            .whenComplete(
                (head, failure) -> {
                  if (failure == null) {
                    recent.complete(Math.max(head.position(), log.knownHead()));
                  } else {
                    recent.completeExceptionally(failure);
                  }
                });
    return recent;
  }

  @Override
  public long recentHead() {
    return await(this::recentHeadAsync);
  }

  @Override
  public CompletableFuture<SourceState> sourceAsync(String source, ReadConsistency consistency) {
    Objects.requireNonNull(source, "source");
    Objects.requireNonNull(consistency, "consistency");
    return unary.call(
        LogServiceGrpc.getGetSourceMethod(),
        () ->
            GetSourceRequest.newBuilder()
                .setLog(log.name())
                .setLogIdentity(log.identity())
                .setSource(source)
                .setConsistency(Convert.consistency(consistency))
                .build(),
        response -> {
          log.learn(response.getLogIdentity(), response.getHead());
          return new SourceState(
              source, response.getVersion(), response.getLastPosition(), response.getHead());
        },
        !consistency.answersLocally(),
        settings.deadline());
  }

  @Override
  public SourceState source(String source, ReadConsistency consistency) {
    return await(() -> sourceAsync(source, consistency));
  }

  @Override
  public EventStream read(ReadOptions options) {
    requireOpen();
    BlockingItems items = new BlockingItems(transport);
    ReadCall call = readCall(options, items);
    items.of(call);
    DefaultEventStream stream =
        new DefaultEventStream(
            call, items, options.deadline().orElse(settings.deadline()).toNanos(), open::remove);
    open.add(stream);
    call.start();
    return stream;
  }

  private ReadCall readCall(ReadOptions options, Sink sink) {
    return new ReadCall(nodes, log, transport.networkLoop(), settings.retry(), options, sink);
  }

  @Override
  public CompletableFuture<List<Event>> readAsync(ReadOptions options) {
    if (options.limit() < 1 || options.limit() > MAX_COLLECTED) {
      throw new IllegalArgumentException(
          "a read into memory needs a limit of 1 to " + MAX_COLLECTED + ": " + options.limit());
    }
    requireOpen();
    CollectedRead collected = new CollectedRead(completions);
    CompletableFuture<List<Event>> future = collected.future();
    ReadCall call = readCall(options, collected);
    long deadlineNanos = options.deadline().orElse(settings.deadline()).toNanos();
    io.netty.util.concurrent.Future<?> timer =
        transport
            .networkLoop()
            .schedule(
                () ->
                    completions.fail(
                        future,
                        new DeadlineExceededException(
                            "the read was not complete within "
                                + TimeUnit.NANOSECONDS.toMillis(deadlineNanos)
                                + " ms",
                            null)),
                deadlineNanos,
                TimeUnit.NANOSECONDS);
    AutoCloseable closeable =
        () -> completions.fail(future, new ClientClosedException("the client was closed"));
    open.add(closeable);
    call.start();
    return future.whenComplete(
        (events, error) -> {
          timer.cancel(false);
          open.remove(closeable);
          call.cancel();
        });
  }

  @Override
  public Paged<Event> readLatest(LatestOptions options) {
    return paged(
        options,
        this::readLatestPageAsync,
        page -> new Pages.Page<>(page.events(), page.asOf(), page.next()));
  }

  @Override
  public CompletableFuture<LatestPage> readLatestPageAsync(LatestOptions options) {
    Objects.requireNonNull(options, "options");
    return unary.call(
        LogServiceGrpc.getReadLatestMethod(),
        () ->
            ReadLatestRequest.newBuilder()
                .setLog(log.name())
                .setLogIdentity(log.identity())
                .setSource(options.source())
                .setKeyPrefix(options.keyPrefix())
                .setAfterKey(options.afterKey())
                .setLimit(options.pageSize())
                .setAsOf(options.asOf())
                .setConsistency(Convert.consistency(options.consistency()))
                .build(),
        response -> page(options, response),
        !options.consistency().answersLocally() && options.asOf() == 0,
        options.deadline().orElse(settings.deadline()));
  }

  private LatestPage page(LatestOptions asked, ReadLatestResponse response) {
    log.learn(response.getLogIdentity(), response.getAsOf());
    return new LatestPage(
        response.getEventsList().stream().map(Convert::event).toList(),
        response.getAsOf(),
        response.getMore()
            ? Optional.of(
                new LatestOptions(
                    asked.source(),
                    asked.keyPrefix(),
                    response.getLastKey(),
                    response.getAsOf(),
                    asked.pageSize(),
                    asked.consistency(),
                    asked.deadline()))
            : Optional.empty());
  }

  @Override
  public Paged<SourceState> listSources(ListSourcesOptions options) {
    return paged(
        options,
        this::listSourcesPageAsync,
        page -> new Pages.Page<>(page.sources(), page.head(), page.next()));
  }

  @Override
  public CompletableFuture<SourcesPage> listSourcesPageAsync(ListSourcesOptions options) {
    Objects.requireNonNull(options, "options");
    return unary.call(
        LogServiceGrpc.getListSourcesMethod(),
        () ->
            ListSourcesRequest.newBuilder()
                .setLog(log.name())
                .setLogIdentity(log.identity())
                .setPrefix(options.prefix())
                .setAfterSource(options.afterSource())
                .setLimit(options.pageSize())
                .setConsistency(Convert.consistency(options.consistency()))
                .build(),
        response -> page(options, response),
        !options.consistency().answersLocally(),
        options.deadline().orElse(settings.deadline()));
  }

  private SourcesPage page(ListSourcesOptions asked, ListSourcesResponse response) {
    long head = response.getHead();
    log.learn(response.getLogIdentity(), head);
    List<SourceState> sources =
        response.getSourcesList().stream()
            .map(
                source ->
                    new SourceState(
                        source.getSource(), source.getVersion(), source.getLastPosition(), head))
            .toList();
    if (!response.getMore() || sources.isEmpty()) {
      return new SourcesPage(sources, head, Optional.empty());
    }
    return new SourcesPage(
        sources,
        head,
        Optional.of(
            new ListSourcesOptions(
                asked.prefix(),
                sources.get(sources.size() - 1).source(),
                asked.pageSize(),
                ReadConsistency.atLeast(head), // no page is older than the one before
                asked.deadline())));
  }

  /** Fetches pages as they are consumed. */
  private <O, P, T> Paged<T> paged(
      O options, Function<O, CompletableFuture<P>> fetch, Function<P, Pages.Page<O, T>> convert) {
    requireOpen();
    Pages<O, T> pages =
        new Pages<>(
            options, asked -> fetch.apply(asked).thenApply(convert), transport, open::remove);
    open.add(pages);
    return pages;
  }

  @Override
  public CompletableFuture<Long> positionAtAsync(Instant recorded, ReadConsistency consistency) {
    Objects.requireNonNull(recorded, "recorded");
    Objects.requireNonNull(consistency, "consistency");
    return unary.call(
        LogServiceGrpc.getGetPositionMethod(),
        () ->
            GetPositionRequest.newBuilder()
                .setLog(log.name())
                .setLogIdentity(log.identity())
                .setRecorded(Convert.timestamp(recorded))
                .setConsistency(Convert.consistency(consistency))
                .build(),
        response -> {
          log.learn(response.getLogIdentity(), response.getHead());
          return response.getPosition();
        },
        !consistency.answersLocally(),
        settings.deadline());
  }

  @Override
  public long positionAt(Instant recorded, ReadConsistency consistency) {
    return await(() -> positionAtAsync(recorded, consistency));
  }

  @Override
  public CompletableFuture<OriginProgress> originProgressAsync(
      String clientId, String bufferId, ReadConsistency consistency) {
    Objects.requireNonNull(clientId, "clientId");
    Objects.requireNonNull(bufferId, "bufferId");
    Objects.requireNonNull(consistency, "consistency");
    return unary.call(
        LogServiceGrpc.getGetOriginMethod(),
        () ->
            GetOriginRequest.newBuilder()
                .setLog(log.name())
                .setLogIdentity(log.identity())
                .setClientId(clientId)
                .setBufferId(bufferId)
                .setConsistency(Convert.consistency(consistency))
                .build(),
        response -> {
          log.learn(response.getLogIdentity(), response.getHead());
          return new OriginProgress(response.getLastSequence(), response.getHead());
        },
        !consistency.answersLocally(),
        settings.deadline());
  }

  @Override
  public OriginProgress originProgress(
      String clientId, String bufferId, ReadConsistency consistency) {
    return await(() -> originProgressAsync(clientId, bufferId, consistency));
  }

  @Override
  public CompletableFuture<ChainHash> chainHashAsync(long position) {
    if (position < 0) {
      throw new IllegalArgumentException("a position is never negative: " + position);
    }
    return unary.call(
        LogServiceGrpc.getGetChainHashMethod(),
        () ->
            GetChainHashRequest.newBuilder()
                .setLog(log.name())
                .setLogIdentity(log.identity())
                .setPosition(position)
                .build(),
        response -> {
          log.learn(response.getLogIdentity(), response.getPosition());
          return new ChainHash(
              response.getPosition(), Convert.bytes(response.getChainHash()), response.getNodeId());
        },
        false,
        settings.deadline());
  }

  @Override
  public ChainHash chainHash(long position) {
    return await(() -> chainHashAsync(position));
  }

  // ---- subscribing ----

  @Override
  public Flow.Publisher<SubscriptionItem> subscribe(SubscribeOptions options) {
    Objects.requireNonNull(options, "options");
    Executor executor = settings.executor().orElseGet(transport::networkLoop);
    return new ItemPublisher(
        executor,
        delivery -> {
          requireOpen();
          open.add(delivery);
          SubscribeCall call = subscribeCall(options, delivery);
          begin(call, options, delivery);
          return call;
        },
        open::remove);
  }

  private SubscribeCall subscribeCall(SubscribeOptions options, Sink sink) {
    return new SubscribeCall(
        nodes,
        log,
        transport.networkLoop(),
        settings.retry(),
        options,
        () -> headAsync(ReadConsistency.linearizable()),
        settings.subscriptionSilence(),
        sink);
  }

  /** Starts a subscription, behind the head at this time if that is where it is to start. */
  private void begin(SubscribeCall call, SubscribeOptions options, Sink sink) {
    if (options.start() != SubscribeOptions.AfterHead.INSTANCE) {
      call.begin();
      return;
    }
    // Asked for here, not left to the node: resumed elsewhere before anything was delivered, the
    // subscription would skip what was appended in between.
    CompletableFuture<Head> unused =
        headAsync(ReadConsistency.linearizable())
            .whenComplete(
                (head, error) -> {
                  if (error == null) {
                    call.beginAfter(head.position());
                  } else if (!call.isOver()) {
                    sink.failed(error);
                  }
                });
  }

  @Override
  public Subscription subscribe(SubscribeOptions options, SubscriptionListener listener) {
    Objects.requireNonNull(listener, "listener");
    return ListenerSubscription.start(follow(options), listener);
  }

  @Override
  public SubscriptionStream follow(SubscribeOptions options) {
    Objects.requireNonNull(options, "options");
    requireOpen();
    BlockingItems items = new BlockingItems(transport);
    SubscribeCall call = subscribeCall(options, items);
    items.of(call);
    DefaultSubscriptionStream stream = new DefaultSubscriptionStream(call, items, open::remove);
    open.add(stream);
    begin(call, options, items);
    return stream;
  }

  // ---- the cluster ----

  @Override
  public CompletableFuture<ClusterDescription> describeAsync() {
    return unary.call(
        ClusterServiceGrpc.getDescribeMethod(),
        DescribeRequest::getDefaultInstance,
        Convert::description,
        false,
        settings.deadline());
  }

  @Override
  public ClusterDescription describe() {
    return await(this::describeAsync);
  }

  @Override
  public Optional<UUID> logIdentity() {
    return Uuids.fromBytes(log.identity());
  }

  @Override
  public void forgetLogIdentity() {
    log.forget();
  }

  // ---- waiting, and the end ----

  private <T> T await(java.util.function.Supplier<CompletableFuture<T>> call) {
    transport.requireMayWait();
    CompletableFuture<T> future = call.get();
    try {
      return Waiting.await(future);
    } catch (InterruptedException interrupted) {
      future.cancel(false);
      Thread.currentThread().interrupt();
      throw new UnavailableException("interrupted while waiting for the answer", interrupted);
    }
  }

  private void requireOpen() {
    if (closed.get()) {
      throw new ClientClosedException("the client is closed");
    }
  }

  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    appender.close();
    unary.close();
    for (AutoCloseable stream : open) {
      try {
        stream.close();
      } catch (Exception cannotHappen) {
        throw new AssertionError(cannotHappen);
      }
    }
    nodes.close();
    transport.close();
  }
}
