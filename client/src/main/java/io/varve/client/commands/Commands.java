package io.varve.client.commands;

import io.varve.client.AppendId;
import io.varve.client.AppendIdReusedException;
import io.varve.client.AppendLookup;
import io.varve.client.AppendRequest;
import io.varve.client.AppendResult;
import io.varve.client.Condition;
import io.varve.client.OverloadedException;
import io.varve.client.ReadConsistency;
import io.varve.client.RetryPolicy;
import io.varve.client.UnavailableException;
import io.varve.client.VarveClient;
import io.varve.client.internal.Backoff;
import io.varve.client.serialization.EventCodec;
import io.varve.client.serialization.EventTypes;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinWorkerThread;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Executes commands: asks a command's {@code handle()} for events and appends them, all or none,
 * under the concurrency scope that the command declares. Immutable and thread-safe; the {@code
 * with…} methods give another one that shares everything but that setting.
 *
 * <p><b>What {@code handle()} may return</b>: nothing ({@code void}); an event; an {@code
 * Optional}, {@code Iterable}, {@code Stream} or array of what it may return; {@link
 * EventForEventSourceId}, to name an event's source; {@link Handled}, to name the source of
 * several; a {@link Rejection}. All events of one command are one atomic append, in the order
 * returned.
 *
 * <p><b>The event source</b> is the first of these that applies: the one returned with the event;
 * {@link CanProvideEventSourceId}; the component that is an {@link EventSourceId} (of several, the
 * one annotated with {@link Key}); the component annotated with {@link Key}; a new one.
 *
 * <p><b>The check.</b> Tags flagged with {@code concurrency = true} make one scope: no event that
 * carries all of them may have landed since a position that was taken before {@code handle()} ran
 * ({@link Boundary}). The source is not part of it, unless {@link Command#sourceConcurrency}. What
 * {@code handle(Decision)} reads through its {@link Decision} is checked too. Without flags and
 * reads nothing is checked.
 *
 * <p><b>Commands in commands.</b> A command that is executed by the {@code handle()} of another, on
 * the same thread, joins its append ({@link CommandResult.Joined}): its events come before the
 * outer one's, its checks are made too. If it is rejected or fails, its events are left out (what
 * it checks stays), and the outer one decides. At most 32 deep.
 *
 * <p><b>Threads.</b> {@link #execute} runs {@code handle()} on the caller's thread, {@link
 * #executeAsync} on the executor; where that is a worker of a {@link
 * java.util.concurrent.ForkJoinPool}, on one of the threads that are the builder's default executor
 * instead, while it waits. The thread's work is that of the command while it runs: what {@code
 * handle()} does on other threads does not join.
 *
 * <p><b>Errors.</b> A wrong declaration is a {@link CommandDeclarationException}, always before
 * anything is done; {@link CommandFailedException} and whatever {@code handle()} throws mean that
 * nothing was appended; else {@link io.varve.client.VarveException}s, as of the client's appends
 * and reads.
 */
public final class Commands {

  /** How often a decision is made at most, whatever the retry policy allows. */
  private static final int MAX_ATTEMPTS = 1_000;

  private final Core core;
  private final Boundary boundary;
  private final RetryPolicy retry;

  /** What all that were derived from one another share. */
  private static final class Core {
    final VarveClient client;
    final EventCodec codec;
    final Executor executor;
    final Supplier<? extends EventSourceId> newSource;
    final ClassValue<CommandModel> models;

    Core(Builder builder) {
      this.client = builder.client;
      this.codec = builder.codec;
      this.executor = builder.executor.orElseGet(CommandThreads::shared);
      this.newSource = builder.newSource;
      EventTypes types = codec.types();
      this.models =
          new ClassValue<>() {
            @Override
            protected CommandModel computeValue(Class<?> type) {
              return new CommandModel(type, types);
            }
          };
    }
  }

  /**
   * One decision.
   *
   * @param rejection empty = there are events, or nothing
   */
  private record Decided(UnitOfWork unit, Optional<Rejection> rejection) {}

  private Commands(Core core, Boundary boundary, RetryPolicy retry) {
    this.core = core;
    this.boundary = boundary;
    this.retry = retry;
  }

  /** Commands of a client's log, with the defaults stated at each setting of the builder. */
  public static Commands of(VarveClient client) {
    return builder(client).build();
  }

  /** Starts with the defaults. */
  public static Builder builder(VarveClient client) {
    return new Builder(client);
  }

  /** The same, with another boundary. */
  public Commands withBoundary(Boundary boundary) {
    return new Commands(core, Objects.requireNonNull(boundary, "boundary"), retry);
  }

  /**
   * The same, making the decision again on a concurrency violation: takes the boundary anew, calls
   * {@code handle()} again, on the same command.
   *
   * @param retry how often and how soon; at most 1,000 attempts, whatever it says
   */
  public Commands withRetry(RetryPolicy retry) {
    return new Commands(core, boundary, Objects.requireNonNull(retry, "retry"));
  }

  /**
   * Looks at command types now rather than when they are first executed: for a program's start, or
   * a test.
   *
   * @throws CommandDeclarationException if one of them is declared wrongly
   */
  public Commands declare(Class<?>... commands) {
    for (Class<?> command : commands) {
      CommandModel unused = core.models.get(command);
    }
    return this;
  }

  // ---- blocking ----

  /** Executes a command, {@code handle()} on this thread, and waits for the result. */
  public CommandResult execute(Object command) {
    return execute(command, Optional.empty());
  }

  /**
   * Executes a command at most once, however often it is called with this append id: if the append
   * has landed before, that is the result, and {@code handle()} is not asked. The log remembers an
   * append id for a million positions, unless founded otherwise.
   *
   * @param appendId from {@link VarveClient#newAppendId()}, stored before the first attempt
   */
  public CommandResult execute(Object command, AppendId appendId) {
    return execute(command, Optional.of(appendId));
  }

  private CommandResult execute(Object command, Optional<AppendId> appendId) {
    CommandModel model = core.models.get(command.getClass());
    Optional<UnitOfWork> outer = outer(model, appendId);
    if (outer.isPresent()) {
      return join(outer.get(), model, command);
    }
    Optional<CommandResult> before = appendId.flatMap(id -> landed(core.client.getAppend(id)));
    if (before.isPresent()) {
      return before.get();
    }
    Backoff backoff = new Backoff(retry);
    for (int attempt = 1; ; attempt++) {
      Decided decided = decide(model, command, position(model, attempt > 1));
      Optional<CommandResult> settled = settled(decided);
      if (settled.isPresent()) {
        return settled.get();
      }
      AppendRequest request = request(model, decided, appendId);
      try {
        CommandResult result = result(decided, request, core.client.append(request), attempt);
        if (!again(result, attempt)) {
          return result;
        }
      } catch (AppendIdReusedException reused) {
        return appendId.flatMap(id -> landed(core.client.getAppend(id))).orElseThrow(() -> reused);
      }
      pause(backoff.nextNanos(0));
    }
  }

  private static void pause(long nanos) {
    try {
      TimeUnit.NANOSECONDS.sleep(nanos);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new UnavailableException("interrupted before the decision was made again", interrupted);
    }
  }

  private OptionalLong position(CommandModel model, boolean again) {
    if (!model.scoped()) {
      return OptionalLong.empty();
    }
    OptionalLong position = knownPosition(model, again);
    return position.isPresent()
        ? position
        : OptionalLong.of(again ? core.client.head().position() : core.client.recentHead());
  }

  /** The boundary, if the log need not be asked for it. */
  private OptionalLong knownPosition(CommandModel model, boolean again) {
    if (boundary instanceof Boundary.Given given) {
      long position = given.position().getAsLong();
      if (position < 0) {
        throw model.failed("its boundary is negative: " + position, null);
      }
      return OptionalLong.of(position);
    }
    return boundary == Boundary.FromLog.KNOWN && !again
        ? core.client.knownHead()
        : OptionalLong.empty();
  }

  // ---- without waiting ----

  /**
   * Executes a command, {@code handle()} on the executor. Within a {@code handle()} it is run at
   * once, on this thread, and joins. Fails with {@link OverloadedException} if the executor takes
   * no more.
   */
  public CompletableFuture<CommandResult> executeAsync(Object command) {
    return executeAsync(command, Optional.empty());
  }

  /** Executes a command at most once, as {@link #execute(Object, AppendId)} does. */
  public CompletableFuture<CommandResult> executeAsync(Object command, AppendId appendId) {
    return executeAsync(command, Optional.of(appendId));
  }

  private CompletableFuture<CommandResult> executeAsync(
      Object command, Optional<AppendId> appendId) {
    CompletableFuture<CommandResult> result = new CompletableFuture<>();
    try {
      CommandModel model = core.models.get(command.getClass());
      Optional<UnitOfWork> outer = outer(model, appendId);
      if (outer.isPresent()) {
        result.complete(join(outer.get(), model, command));
      } else if (appendId.isPresent()) {
        settle(
            result,
            core.client
                .getAppendAsync(appendId.get())
                .thenCompose(
                    found ->
                        landed(found)
                            .map(CompletableFuture::completedFuture)
                            .orElseGet(
                                () -> attempt(model, command, appendId, new Backoff(retry), 1))));
      } else {
        settle(result, attempt(model, command, appendId, new Backoff(retry), 1));
      }
    } catch (Throwable failure) {
      result.completeExceptionally(failure);
    }
    return result;
  }

  private CompletableFuture<CommandResult> attempt(
      CommandModel model,
      Object command,
      Optional<AppendId> appendId,
      Backoff backoff,
      int attempt) {
    return positionAsync(model, attempt > 1)
        .thenCompose(position -> onExecutor(() -> decide(model, command, position)))
        .thenCompose(
            decided -> {
              Optional<CommandResult> settled = settled(decided);
              if (settled.isPresent()) {
                return CompletableFuture.completedFuture(settled.get());
              }
              AppendRequest request = request(model, decided, appendId);
              return appendAsync(decided, request, attempt)
                  .thenCompose(
                      result ->
                          again(result, attempt)
                              ? later(backoff.nextNanos(0))
                                  .thenCompose(
                                      unused ->
                                          attempt(model, command, appendId, backoff, attempt + 1))
                              : CompletableFuture.completedFuture(result));
            });
  }

  private CompletableFuture<CommandResult> appendAsync(
      Decided decided, AppendRequest request, int attempt) {
    CompletableFuture<CommandResult> result =
        core.client
            .appendAsync(request)
            .thenApply(answer -> result(decided, request, answer, attempt));
    if (!(request.identity() instanceof AppendRequest.Explicit explicit)) {
      return result;
    }
    return result.exceptionallyCompose(
        failure ->
            unwrap(failure) instanceof AppendIdReusedException
                ? core.client
                    .getAppendAsync(explicit.appendId())
                    .thenCompose(
                        found ->
                            landed(found)
                                .map(CompletableFuture::completedFuture)
                                .orElseGet(() -> CompletableFuture.failedFuture(failure)))
                : CompletableFuture.failedFuture(failure));
  }

  private CompletableFuture<OptionalLong> positionAsync(CommandModel model, boolean again) {
    if (!model.scoped()) {
      return CompletableFuture.completedFuture(OptionalLong.empty());
    }
    if (boundary instanceof Boundary.Given) {
      return onExecutor(() -> knownPosition(model, again));
    }
    OptionalLong known = knownPosition(model, again);
    if (known.isPresent()) {
      return CompletableFuture.completedFuture(known);
    }
    return again
        ? core.client
            .headAsync(ReadConsistency.linearizable())
            .thenApply(head -> OptionalLong.of(head.position()))
        : core.client.recentHeadAsync().thenApply(OptionalLong::of);
  }

  private <T> CompletableFuture<T> onExecutor(Supplier<T> work) {
    CompletableFuture<T> done = new CompletableFuture<>();
    try {
      core.executor.execute(
          () -> {
            try {
              done.complete(work.get());
            } catch (Throwable failure) {
              done.completeExceptionally(failure);
            }
          });
    } catch (RejectedExecutionException full) {
      done.completeExceptionally(
          new OverloadedException(
              "the commands' executor takes no more: " + full.getMessage(), Duration.ZERO));
    }
    return done;
  }

  private static CompletableFuture<Void> later(long nanos) {
    return CompletableFuture.runAsync(
        () -> {}, CompletableFuture.delayedExecutor(nanos, TimeUnit.NANOSECONDS, Runnable::run));
  }

  private static void settle(
      CompletableFuture<CommandResult> result, CompletableFuture<CommandResult> from) {
    CompletableFuture<CommandResult> unused =
        from.whenComplete(
            (done, failure) -> {
              if (failure == null) {
                result.complete(done);
              } else {
                result.completeExceptionally(unwrap(failure));
              }
            });
  }

  private static Throwable unwrap(Throwable failure) {
    Throwable cause = failure.getCause();
    return failure instanceof CompletionException && cause != null ? cause : failure;
  }

  // ---- what both have in common ----

  private Optional<UnitOfWork> outer(CommandModel model, Optional<AppendId> appendId) {
    Optional<UnitOfWork> outer = UnitOfWork.current();
    if (outer.isPresent() && outer.get().client() != core.client) {
      throw model.failed(
          "it was executed by a handle() whose command goes to another client, and so cannot join"
              + " its append: execute it outside of handle()",
          null);
    }
    if (outer.isPresent() && appendId.isPresent()) {
      throw model.failed(
          "it joins another command's append and cannot have an append id of its own: give it to"
              + " the outer command",
          null);
    }
    return outer;
  }

  private Decided decide(CommandModel model, Object command, OptionalLong position) {
    if (!(Thread.currentThread() instanceof ForkJoinWorkerThread)) {
      return decideHere(model, command, position);
    }
    // A worker that waits within handle() may be given other tasks to run meanwhile, and a command
    // among them would join this one, with which it has nothing to do.
    try {
      return CommandThreads.call(() -> decideHere(model, command, position));
    } catch (RejectedExecutionException full) {
      throw new OverloadedException("too many commands are being handled", Duration.ZERO);
    }
  }

  private Decided decideHere(CommandModel model, Object command, OptionalLong position) {
    UnitOfWork unit = new UnitOfWork(core.client, position);
    return new Decided(unit, contribute(unit, model, command, unit.checks(), position));
  }

  private CommandResult join(UnitOfWork unit, CommandModel model, Object command) {
    int before = unit.events().size();
    Checks checks = new Checks();
    boolean joined = false;
    try {
      OptionalLong position = unit.boundary();
      if (model.scoped() && (position.isEmpty() || boundary instanceof Boundary.Given)) {
        position = position(model, false);
        position.ifPresent(unit::boundary);
      }
      Optional<Rejection> rejection = contribute(unit, model, command, checks, position);
      if (rejection.isPresent()) {
        return new CommandResult.Rejected(rejection.get());
      }
      joined = true;
      List<io.varve.client.NewEvent> events = unit.events();
      return new CommandResult.Joined(
          checks.conditions(),
          events.size() > before
              ? Optional.of(EventSourceId.of(events.get(before).source()))
              : Optional.empty(),
          events.size() - before);
    } finally {
      // What it read, and what its scope covers, the outer decision may rest on in any case.
      unit.checks().addAll(checks);
      if (!joined) {
        unit.truncate(before);
      }
    }
  }

  /** Runs one {@code handle()} and adds what comes of it to the append in the making. */
  private Optional<Rejection> contribute(
      UnitOfWork unit, CommandModel model, Object command, Checks checks, OptionalLong position) {
    String streamId = model.streamId(command);
    Optional<EventSourceId> source = model.source(command);
    Returned returned = handle(unit, model, command, checks);
    if (returned.rejection().isPresent()) {
      model.addScope(
          checks,
          streamId,
          source.map(id -> List.of(id.value())).orElse(List.of()),
          position.orElse(0));
      return returned.rejection();
    }
    Contribution contribution =
        Contribution.of(model, core.codec, streamId, source, returned, core.newSource);
    model.addScope(checks, streamId, contribution.sources(), position.orElse(0));
    unit.add(contribution.events(), contribution.firstSource());
    return Optional.empty();
  }

  private Returned handle(UnitOfWork unit, CommandModel model, Object command, Checks checks) {
    LogDecision decision = new LogDecision(model.type(), core.client, core.codec, checks);
    UnitOfWork before = unit.enter(model);
    try {
      Object value = model.handle(command, decision);
      // Within: what is computed lazily is part of the decision.
      return model.returnsNothing() ? Returned.nothing(model) : Returned.of(model, value);
    } finally {
      unit.leave(before);
      decision.end();
    }
  }

  /** The result, if nothing needs to be appended. */
  private static Optional<CommandResult> settled(Decided decided) {
    if (decided.rejection().isPresent()) {
      return Optional.of(new CommandResult.Rejected(decided.rejection().get()));
    }
    return decided.unit().events().isEmpty()
        ? Optional.of(
            new CommandResult.Appended(
                List.of(), Optional.empty(), 0, 0, java.util.Map.of(), Optional.empty(), false))
        : Optional.empty();
  }

  private static AppendRequest request(
      CommandModel model, Decided decided, Optional<AppendId> appendId) {
    UnitOfWork unit = decided.unit();
    List<Condition> conditions = unit.checks().conditions();
    if (conditions.size() > Checks.MAX) {
      throw model.failed(
          "it makes "
              + conditions.size()
              + " checks; the log takes at most "
              + Checks.MAX
              + ": read by fewer filters, or split the command",
          null);
    }
    return new AppendRequest(
        unit.events(),
        conditions,
        appendId
            .<AppendRequest.Identity>map(AppendRequest.Explicit::new)
            .orElse(AppendRequest.Automatic.INSTANCE),
        Optional.empty());
  }

  private static CommandResult result(
      Decided decided, AppendRequest request, AppendResult answer, int attempt) {
    if (answer instanceof AppendResult.Conflict conflict) {
      return new CommandResult.ConcurrencyViolation(
          request.conditions(), conflict.failed(), attempt);
    }
    return appended(
        (AppendResult.Appended) answer, request.conditions(), decided.unit().firstSource());
  }

  private static CommandResult appended(
      AppendResult.Appended appended, List<Condition> checks, Optional<EventSourceId> source) {
    return new CommandResult.Appended(
        checks,
        source,
        appended.firstPosition(),
        appended.lastPosition(),
        appended.versions(),
        Optional.of(appended.recorded()),
        appended.replayed());
  }

  private static Optional<CommandResult> landed(AppendLookup found) {
    return found
        .appended()
        .map(
            appended ->
                appended(
                    appended,
                    List.of(),
                    appended.versions().keySet().stream().findFirst().map(EventSourceId::of)));
  }

  private boolean again(CommandResult result, int attempt) {
    return result instanceof CommandResult.ConcurrencyViolation
        && attempt < Math.min(retry.maxAttempts(), MAX_ATTEMPTS);
  }

  /** Configures {@link Commands}. Not thread-safe. */
  public static final class Builder {
    private final VarveClient client;
    private EventCodec codec = EventCodec.json(EventTypes.none());
    private Boundary boundary = Boundary.fresh();
    private RetryPolicy retry = RetryPolicy.none();
    private Optional<Executor> executor = Optional.empty();
    private Supplier<? extends EventSourceId> newSource = EventSourceId::random;

    private Builder(VarveClient client) {
      this.client = Objects.requireNonNull(client, "client");
    }

    /**
     * How events are written, and read by {@link Decision}. Default: JSON, with no class
     * registered, so that decisions see raw events.
     */
    public Builder codec(EventCodec codec) {
      this.codec = Objects.requireNonNull(codec, "codec");
      return this;
    }

    /** The event types that {@link Decision} reads as objects; as JSON. */
    public Builder eventTypes(EventTypes types) {
      return codec(EventCodec.json(types));
    }

    /** Where the boundary's position comes from. Default {@link Boundary#fresh()}. */
    public Builder boundary(Boundary boundary) {
      this.boundary = Objects.requireNonNull(boundary, "boundary");
      return this;
    }

    /**
     * Whether and how a decision is made again after a concurrency violation. Default {@link
     * RetryPolicy#none()}: not. See {@link Commands#withRetry}.
     */
    public Builder retry(RetryPolicy retry) {
      this.retry = Objects.requireNonNull(retry, "retry");
      return this;
    }

    /**
     * Where {@link Commands#executeAsync} runs {@code handle()}, which may block there. Default: 16
     * daemon threads shared by the process, with room for 16,384 more commands to wait.
     */
    public Builder executor(Executor executor) {
      this.executor = Optional.of(executor);
      return this;
    }

    /** Makes a new event source where a command names none. Default: random UUIDs. */
    public Builder newEventSourceIds(Supplier<? extends EventSourceId> supplier) {
      this.newSource = Objects.requireNonNull(supplier, "supplier");
      return this;
    }

    /** The commands. */
    public Commands build() {
      return new Commands(new Core(this), boundary, retry);
    }
  }
}
