package io.varve.statemachine.ratis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.varve.statemachine.LogCore;
import io.varve.statemachine.Outcome;
import io.varve.statemachine.StoreOptions;
import io.varve.statemachine.UnknownCommandException;
import io.varve.statemachine.snapshot.CorruptSnapshotException;
import io.varve.statemachine.snapshot.Entries;
import io.varve.statemachine.snapshot.LiveStore;
import io.varve.statemachine.snapshot.Snapshot;
import io.varve.statemachine.snapshot.SnapshotDirectory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.proto.RaftProtos.RaftPeerRole;
import org.apache.ratis.proto.RaftProtos.StateMachineLogEntryProto;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.ClientInvocationId;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.statemachine.TransactionContext;
import org.apache.ratis.util.LifeCycle;
import org.apache.ratis.util.SizeInBytes;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The adapter, driven as Ratis drives it, on one thread. */
class VarveStateMachineTest {

  private static final ClientId CLIENT = ClientId.randomId();

  @TempDir Path root;
  private LiveStore store;
  private RaftStorage storage;
  private VarveStateMachine machine;
  private final Recorder recorder = new Recorder();
  private final List<Throwable> halts = new ArrayList<>();
  private final AtomicInteger requests = new AtomicInteger();

  private static final class Recorder implements ApplyListener {
    private final List<Long> calls = new ArrayList<>();
    private long index = -1;
    private long head;

    @Override
    public void onLogging(ClientInvocationId id) {}

    @Override
    public void onOutcomes(ClientInvocationId id, List<Outcome> outcomes) {
      assertThat(id.getClientId()).isEqualTo(CLIENT);
      calls.add(id.getLongId());
    }

    @Override
    public void onApplied(long appliedIndex, long newHead) {
      assertThat(appliedIndex).isGreaterThan(index);
      index = appliedIndex;
      head = newHead;
    }
  }

  @BeforeEach
  void openStore() throws IOException {
    store = LiveStore.open(root.resolve("store"), StoreOptions.defaults());
    storage =
        RaftStorage.newBuilder()
            .setDirectory(Files.createDirectories(root.resolve("raft")).toFile())
            .setOption(RaftStorage.StartupOption.RECOVER)
            .setStorageFreeSpaceMin(SizeInBytes.valueOf(0))
            .build();
    storage.initialize();
  }

  @AfterEach
  void close() throws IOException {
    if (machine != null) {
      machine.close();
    }
    store.close();
    storage.close();
  }

  private void start() throws IOException {
    start(Long.MAX_VALUE);
  }

  private void start(long logBytes) throws IOException {
    machine =
        new VarveStateMachine(
            store, recorder, (why, cause) -> halts.add(cause), new SnapshotPolicy(logBytes, 2));
    RaftServer server =
        (RaftServer)
            Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {RaftServer.class},
                (proxy, method, arguments) -> {
                  return switch (method.getName()) {
                    case "getId" -> RaftPeerId.valueOf("n1");
                    case "snapshotManagementAsync" -> {
                      requests.incrementAndGet();
                      yield new CompletableFuture<>();
                    }
                    default -> throw new UnsupportedOperationException(method.getName());
                  };
                });
    machine.initialize(server, RaftGroupId.randomId(), storage);
  }

  private void apply(long index, ByteString command) {
    LogEntryProto entry =
        LogEntryProto.newBuilder()
            .setTerm(1)
            .setIndex(index)
            .setStateMachineLogEntry(
                StateMachineLogEntryProto.newBuilder()
                    .setClientId(CLIENT.toByteString())
                    .setCallId(index + 1_000)
                    .setLogData(
                        org.apache.ratis.thirdparty.com.google.protobuf.ByteString.copyFrom(
                            command.asReadOnlyByteBuffer())))
            .build();
    TransactionContext context =
        TransactionContext.newBuilder()
            .setStateMachine(machine)
            .setLogEntry(entry)
            .setServerRole(RaftPeerRole.FOLLOWER)
            .build();
    machine.applyTransaction(context).join();
  }

  private void applyUpTo(long last) {
    for (long index = machine.getLastAppliedTermIndex().getIndex() + 1; index <= last; index++) {
      apply(index, index == 0 ? Entries.founding() : Entries.append("s"));
    }
  }

  private void takeSnapshot() {
    long taken = machine.snapshots().taken();
    machine.takeSnapshot();
    await(() -> machine.snapshots().taken() > taken);
  }

  private static void await(BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).isLessThan(deadline);
      Thread.onSpinWait();
    }
  }

  @Test
  void outcomesAreRoutedByClientAndCall() throws IOException {
    start();

    applyUpTo(3);

    assertThat(recorder.calls).containsExactly(1_000L, 1_001L, 1_002L, 1_003L);
    assertThat(recorder.head).isEqualTo(3);
    assertThat(machine.getLastAppliedTermIndex()).isEqualTo(TermIndex.valueOf(1, 3));
  }

  @Test
  void entriesAndNotificationsTheStoreHasAreSkipped() throws IOException {
    Entries.fill(store.core(), 5);
    store.core().advance(1, 6);
    start();
    assertThat(machine.getLastAppliedTermIndex().getIndex()).isEqualTo(6);

    // Ratis has no snapshot, so it begins at 0.
    apply(0, Entries.founding());
    machine.notifyTermIndexUpdated(1, 1);
    for (long index = 2; index <= 5; index++) {
      apply(index, Entries.append("again"));
    }
    machine.notifyTermIndexUpdated(1, 6);

    assertThat(recorder.calls).isEmpty();
    assertThat(store.reader().version("again")).isZero();
    assertThat(machine.getLastAppliedTermIndex().getIndex()).isEqualTo(6);
    apply(7, Entries.append("new"));
    assertThat(recorder.calls).containsExactly(1_007L);
    assertThat(halts).isEmpty();
  }

  @Test
  void anEntryThatCannotBeAppliedHaltsAndNothingAfterItIsApplied() throws IOException {
    start();
    applyUpTo(2);

    assertThatThrownBy(() -> apply(3, ByteString.copyFromUtf8("no command at all")))
        .isInstanceOf(IllegalStateException.class);

    assertThat(halts).singleElement().isInstanceOf(UnknownCommandException.class);
    assertThatThrownBy(() -> apply(4, Entries.append("s")))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> machine.notifyTermIndexUpdated(1, 5))
        .isInstanceOf(IllegalStateException.class);
    assertThat(store.core().appliedIndex()).isEqualTo(2);
    assertThat(halts).hasSize(1);
    assertThat(machine.takeSnapshot()).isEqualTo(-1);
  }

  @Test
  void theLatestSnapshotIsTheLastOneTakenWhateverWasAppliedSince() throws IOException {
    start();
    assertThat(machine.getLatestSnapshot()).isNull();
    applyUpTo(3);
    takeSnapshot();
    applyUpTo(9);

    assertThat(machine.getLatestSnapshot().getTermIndex()).isEqualTo(TermIndex.valueOf(1, 3));
    assertThat(machine.getLatestSnapshot()).isSameAs(machine.getLatestSnapshot());
    assertThat(machine.snapshots().maxHoldNanos()).isPositive();
  }

  @Test
  void theLogIsPurgedUpToTheSnapshotBeforeTheNewOne() throws IOException {
    start();
    applyUpTo(3);
    assertThat(machine.takeSnapshot()).as("nothing is complete yet").isEqualTo(-1);
    await(() -> machine.snapshots().taken() == 1);
    applyUpTo(6);
    assertThat(machine.takeSnapshot()).isEqualTo(3);
    await(() -> machine.snapshots().taken() == 2);
    assertThat(machine.takeSnapshot()).as("there is nothing new").isEqualTo(-1);
  }

  @Test
  void theLogBehindASnapshotThatIsBeingSentIsKeptAndSoIsTheSnapshot() throws IOException {
    start();
    applyUpTo(3);
    takeSnapshot();
    Path sent = machine.getLatestSnapshot().getFiles().get(0).getPath();
    for (long index = 6; index <= 15; index += 3) {
      applyUpTo(index);
      long purge = machine.takeSnapshot();
      assertThat(purge).isLessThanOrEqualTo(3);
      long expected = index / 3;
      await(() -> machine.snapshots().taken() == expected);
    }
    assertThat(sent).exists();
  }

  @Test
  void noSnapshotIsTakenDuringReplay() throws IOException {
    Entries.fill(store.core(), 5);
    start(1);
    apply(0, Entries.founding());
    apply(1, Entries.append("s"));

    assertThat(machine.takeSnapshot()).isEqualTo(-1);
    assertThat(requests).hasValue(0);

    for (long index = 2; index <= 5; index++) {
      apply(index, Entries.append("s"));
    }
    await(() -> requests.get() > 0);
    takeSnapshot();
    assertThat(machine.getLatestSnapshot().getIndex()).isEqualTo(5);
  }

  @Test
  void aSnapshotIsAskedForByBytesOfLog() throws IOException {
    start(2_000);
    applyUpTo(3);
    assertThat(requests).hasValue(0);

    applyUpTo(40);

    await(() -> requests.get() > 0);
    assertThat(requests).as("once, until it is taken").hasValue(1);
  }

  @Test
  void aSnapshotNewerThanTheStoreBecomesTheStoreAtTheStart() throws IOException {
    start();
    applyUpTo(9);
    takeSnapshot();
    machine.close();
    store.close();
    delete(root.resolve("store"));
    store = LiveStore.open(root.resolve("store"), StoreOptions.defaults());

    start();

    assertThat(store.reader().head()).isEqualTo(9);
    assertThat(machine.getLastAppliedTermIndex()).isEqualTo(TermIndex.valueOf(1, 9));
    apply(10, Entries.append("s"));
    assertThat(store.reader().head()).isEqualTo(10);
  }

  @Test
  void anInstalledSnapshotBecomesTheStore() throws IOException {
    start();
    applyUpTo(3);
    takeSnapshot();
    receive(50);

    machine.pause();
    assertThat(machine.getLifeCycleState()).isEqualTo(LifeCycle.State.PAUSED);
    publishReceived();
    machine.reinitialize();

    assertThat(machine.getLifeCycleState()).isEqualTo(LifeCycle.State.RUNNING);
    assertThat(machine.getLatestSnapshot().getTermIndex()).isEqualTo(TermIndex.valueOf(1, 50));
    assertThat(machine.getLastAppliedTermIndex()).isEqualTo(TermIndex.valueOf(1, 50));
    assertThat(recorder.index).isEqualTo(50);
    assertThat(recorder.head).isEqualTo(50);
    assertThat(root.resolve("raft/tmp")).isEmptyDirectory();
    apply(51, Entries.append("s"));
    assertThat(store.reader().head()).isEqualTo(51);
    takeSnapshot();
    assertThat(machine.getLatestSnapshot().getIndex()).isEqualTo(51);
    assertThat(halts).isEmpty();
  }

  @Test
  void aDamagedInstalledSnapshotHalts() throws IOException {
    start();
    applyUpTo(3);
    receive(50);
    machine.pause();
    publishReceived();
    Path snapshot = root.resolve("raft/sm/snapshot-1-50");
    Files.writeString(snapshot.resolve("CURRENT"), "damaged");

    assertThatThrownBy(machine::reinitialize).isInstanceOf(IOException.class);

    assertThat(halts).singleElement().isInstanceOf(CorruptSnapshotException.class);
    assertThat(store.reader().head()).as("the store is as it was").isEqualTo(3);
  }

  /** Puts a snapshot where Ratis collects what it receives. */
  private void receive(long index) {
    Path received = root.resolve("raft/tmp/snapshot-4711");
    SnapshotDirectory other =
        SnapshotDirectory.open(root.resolve("other/sm"), root.resolve("other/tmp"));
    try (LogCore core = LogCore.open(root.resolve("other/store"), StoreOptions.defaults())) {
      Entries.fill(core, index);
      core.checkpoint(other.prepare(1, index));
    }
    other.complete(1, index);
    Snapshot snapshot = other.publish(1, index);
    try {
      Files.createDirectories(received);
      Files.move(snapshot.directory(), received.resolve(snapshot.directory().getFileName()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** As Ratis does: the whole directory is replaced. */
  private void publishReceived() throws IOException {
    Files.move(root.resolve("raft/sm"), root.resolve("raft/sm.tmp1"));
    Files.move(root.resolve("raft/tmp/snapshot-4711"), root.resolve("raft/sm"));
    delete(root.resolve("raft/sm.tmp1"));
  }

  private static void delete(Path path) throws IOException {
    try (var paths = Files.walk(path)) {
      for (Path each : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(each);
      }
    }
  }
}
