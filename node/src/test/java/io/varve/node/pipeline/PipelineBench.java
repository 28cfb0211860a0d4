package io.varve.node.pipeline;

import com.google.protobuf.ByteString;
import io.varve.node.LocalReplicator;
import io.varve.node.cluster.Replicator;
import io.varve.proto.replicated.v1.Command;
import io.varve.proto.v1.Append;
import io.varve.proto.v1.Condition;
import io.varve.proto.v1.ExpectedVersion;
import io.varve.proto.v1.NewEvent;
import io.varve.statemachine.Outcome;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * How many appends a second the pipeline passes, in one process: {@code core|none, in flight,
 * entries in flight, seconds}. Not a test; what it prints depends on the machine.
 */
public final class PipelineBench {

  private PipelineBench() {}

  public static void main(String[] args) throws Exception {
    boolean core = args.length > 0 && args[0].equals("core");
    int inFlight = args.length > 1 ? Integer.parseInt(args[1]) : 256;
    int entries = args.length > 2 ? Integer.parseInt(args[2]) : 3;
    int seconds = args.length > 3 ? Integer.parseInt(args[3]) : 10;
    try (AutoCloseable closing = core ? local() : new Nothing()) {
      Replicator replicator = (Replicator) closing;
      AppendPipeline pipeline =
          AppendPipeline.start(replicator, PipelineOptions.defaults().withMaxInFlight(entries));
      for (int round = 0; round < seconds; round++) {
        run(pipeline, inFlight);
      }
      pipeline.close();
    }
  }

  private static LocalReplicator local() throws Exception {
    Path directory = Files.createTempDirectory("varve-bench");
    return new LocalReplicator(directory, 1_000_000);
  }

  private static long version;

  private static void run(AppendPipeline pipeline, int inFlight) throws Exception {
    Semaphore slots = new Semaphore(inFlight);
    LongAdder done = new LongAdder();
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(1);
    long started = System.nanoTime();
    ByteString data = ByteString.copyFrom(new byte[128]);
    while (System.nanoTime() - end < 0) {
      slots.acquire();
      long n = version++;
      String source = "account-" + n % 10_000;
      Append append =
          Append.newBuilder()
              .addEvents(
                  NewEvent.newBuilder()
                      .setSource(source)
                      .setType("Happened")
                      .setSourceType("Account")
                      .addTags("t:" + n % 100)
                      .setData(data))
              .addConditions(
                  Condition.newBuilder()
                      .setExpectedVersion(
                          ExpectedVersion.newBuilder().setSource(source).setExactly(n / 10_000)))
              .build();
      pipeline.submit(
          new PendingAppend(append, System.nanoTime() + 10_000_000_000L) {
            @Override
            protected void answered(PipelineAnswer answer) {
              done.increment();
              slots.release();
            }
          });
    }
    slots.acquire(inFlight);
    double took = (System.nanoTime() - started) / 1e9;
    System.out.printf("%,d appends/s%n", Math.round(done.sum() / took));
  }

  /** Applies nothing, on another thread. */
  private static final class Nothing implements Replicator, AutoCloseable {
    private final ExecutorService apply = Executors.newSingleThreadExecutor();

    @Override
    public boolean leads() {
      return true;
    }

    @Override
    public Optional<String> leader() {
      return Optional.of("self");
    }

    @Override
    public CompletableFuture<List<Outcome>> replicate(Command command) {
      CompletableFuture<List<Outcome>> answer = new CompletableFuture<>();
      byte[] encoded = command.toByteArray();
      int appends = command.getAppendBatch().getAppendsCount();
      apply.execute(
          () -> {
            List<Outcome> outcomes = new ArrayList<>(appends);
            for (int i = 0; i < appends; i++) {
              outcomes.add(new Outcome.Appended(1, encoded.length, List.of(), 0, false));
            }
            answer.complete(outcomes);
          });
      return answer;
    }

    @Override
    public CompletableFuture<Void> readBarrier() {
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public void announceCommit() {}

    @Override
    public void close() {
      apply.shutdownNow();
    }
  }
}
