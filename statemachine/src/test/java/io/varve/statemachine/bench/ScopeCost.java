package io.varve.statemachine.bench;

import com.google.protobuf.ByteString;
import io.varve.proto.v1.Append;
import io.varve.proto.v1.ConcurrencyScope;
import io.varve.proto.v1.Condition;
import io.varve.proto.v1.ExpectedVersion;
import io.varve.proto.v1.Filter;
import io.varve.proto.v1.FilterItem;
import io.varve.statemachine.Outcome;
import io.varve.statemachine.Outcome.Appended;
import io.varve.statemachine.Outcome.Refusal;
import io.varve.statemachine.Outcome.Refused;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The whole apply of one append, alone in its entry, by what it asks; {@link ScopeCostBench} runs
 * it and holds it against its bars.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class ScopeCost {

  /** What the append asks. */
  public enum Asks {
    /** That its source has the version it has. */
    EXPECTED_VERSION,
    /** That three labels did not come together since shortly before the head. */
    NEAR_THE_HEAD,
    /** The same of a rare and a busy label since 100,000 positions before the head. */
    RARE_SINCE_100_000,
    /** That two busy labels, which never come together, never did. */
    TWO_BUSY_LABELS
  }

  /** How many positions before the head count as near: what a decision may take. */
  private static final int NEAR = 20;

  /** How many events are stored before measuring begins. */
  @Param({"200000", "1000000"})
  public int stored;

  /** What the measured append asks. */
  @Param public Asks asks;

  private StoredLog log;

  private ByteString entry = ByteString.EMPTY;

  /** Fills the log. */
  @Setup(Level.Trial)
  public void fill() {
    log = new StoredLog(stored);
  }

  /** Makes the next append, from what is in the log. */
  @Setup(Level.Invocation)
  public void prepare() {
    long next = log.head() + 1;
    entry =
        log.entry(
            StoredLog.withId(
                next,
                Append.newBuilder().addEvents(StoredLog.event(next)).addConditions(asked(next))));
  }

  private Condition asked(long next) {
    return switch (asks) {
      case EXPECTED_VERSION ->
          Condition.newBuilder()
              .setExpectedVersion(
                  ExpectedVersion.newBuilder()
                      .setSource(StoredLog.source(next))
                      .setExactly(log.core().reader().version(StoredLog.source(next))))
              .build();
      case NEAR_THE_HEAD ->
          scope(
              next - 1 - NEAR,
              FilterItem.newBuilder()
                  .setSourceType("Customer")
                  .addTypes("PaymentProcessed")
                  .addTags("order:" + next % StoredLog.SOURCES));
      case RARE_SINCE_100_000 ->
          scope(
              next - 1 - 100_000,
              FilterItem.newBuilder().setStreamType("Rare").addTags("parity:1"));
      case TWO_BUSY_LABELS ->
          scope(0, FilterItem.newBuilder().addTags("parity:0").addTags("parity:1"));
    };
  }

  private static Condition scope(long after, FilterItem.Builder item) {
    return Condition.newBuilder()
        .setConcurrencyScope(
            ConcurrencyScope.newBuilder()
                .setFilter(Filter.newBuilder().addAnyOf(item))
                .setAfter(after))
        .build();
  }

  /** Applies the entry. */
  @Benchmark
  public Outcome apply() {
    List<Outcome> outcomes = log.apply(entry);
    Outcome outcome = outcomes.get(0);
    boolean expected =
        asks == Asks.TWO_BUSY_LABELS
            ? outcome instanceof Refused refused && refused.refusal() == Refusal.SCOPE_TOO_WIDE
            : outcome instanceof Appended;
    if (!expected) {
      throw new IllegalStateException(outcome.toString());
    }
    return outcome;
  }

  /** Deletes the log. */
  @TearDown(Level.Trial)
  public void delete() {
    log.close();
  }
}
