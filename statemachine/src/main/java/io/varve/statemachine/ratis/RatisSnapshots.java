package io.varve.statemachine.ratis;

import io.varve.statemachine.LogCore;
import io.varve.statemachine.snapshot.Snapshot;
import io.varve.statemachine.snapshot.SnapshotDirectory;
import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.SnapshotManagementRequest;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.raftlog.RaftLog;
import org.apache.ratis.server.storage.FileInfo;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.statemachine.SnapshotInfo;
import org.apache.ratis.statemachine.SnapshotRetentionPolicy;
import org.apache.ratis.statemachine.StateMachineStorage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The node's snapshots as Ratis sees them: the last one taken or installed, its files, when to take
 * the next, and how far the Raft log may be purged.
 *
 * <p>A snapshot in the making is invisible until it is complete. One that is being sent to a
 * follower is neither deleted nor is the log behind it purged, so that the follower can go on from
 * it.
 */
public final class RatisSnapshots implements StateMachineStorage, AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(RatisSnapshots.class);

  /** Ratis asks for the file list with every chunk it sends; silence this long ends the use. */
  private static final long SENDING_NANOS = TimeUnit.SECONDS.toNanos(30);

  /** How long Ratis may take to come to a requested snapshot before the request lapses. */
  private static final long REQUEST_TIMEOUT_MILLIS = 60_000;

  /**
   * How often files that are being received are made durable, so that little is left at the end.
   */
  private static final long SYNC_MILLIS = 500;

  private static final AtomicLong CALLS = new AtomicLong();

  private final SnapshotPolicy policy;
  private final ClientId clientId = ClientId.randomId();
  private final ScheduledExecutorService worker;

  /** When the files of a snapshot, by index, were last asked for. */
  private final Map<Long, Long> sentAt = new ConcurrentHashMap<>();

  private final Object publishing = new Object();
  private @Nullable SnapshotDirectory directory;
  private @Nullable File publishedDirectory;
  private @Nullable File temporaryDirectory;
  private boolean paused;
  private @Nullable CompletableFuture<Void> finishing;

  private @Nullable RaftServer server;
  private @Nullable RaftGroupId groupId;
  private Runnable flush = () -> {};

  private volatile @Nullable Published newest;
  private volatile boolean requested;
  private volatile boolean closed;
  private volatile long maxHoldNanos;
  private final AtomicLong taken = new AtomicLong();

  // Apply thread only.
  private long bytesSinceSnapshot;

  RatisSnapshots(SnapshotPolicy policy) {
    this.policy = policy;
    this.worker =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "varve-snapshots");
              thread.setDaemon(true);
              return thread;
            });
  }

  @Override
  public void init(RaftStorage storage) {
    File published = storage.getStorageDir().getStateMachineDir();
    File temporary = storage.getStorageDir().getTmpDir();
    publishedDirectory = published;
    temporaryDirectory = temporary;
    SnapshotDirectory opened = SnapshotDirectory.open(published.toPath(), temporary.toPath());
    directory = opened;
    newest = opened.latest().map(Published::new).orElse(null);
  }

  /**
   * Begins.
   *
   * @param raftServer who is asked for snapshots
   * @param group its group
   * @param flusher makes the store durable beside apply, before apply is held for the rest
   */
  void start(RaftServer raftServer, RaftGroupId group, Runnable flusher) {
    this.server = raftServer;
    this.groupId = group;
    this.flush = flusher;
    var unused =
        worker.scheduleWithFixedDelay(
            this::tendReceived, SYNC_MILLIS, SYNC_MILLIS, TimeUnit.MILLISECONDS);
  }

  private void tendReceived() {
    try {
      synchronized (publishing) {
        if (!paused) {
          directory().deleteAbandoned();
          directory().syncReceived();
        }
      }
    } catch (RuntimeException e) {
      // The installation that is going on will meet the same, and say so.
      LOG.debug("cannot make received files durable", e);
    }
  }

  private SnapshotDirectory directory() {
    SnapshotDirectory opened = directory;
    if (opened == null) {
      throw new IllegalStateException("not initialized");
    }
    return opened;
  }

  /** The last snapshot taken or installed. */
  public Optional<Snapshot> newest() {
    Published published = newest;
    return published == null ? Optional.empty() : Optional.of(published.snapshot);
  }

  /** How many snapshots this node has taken since it started. */
  public long taken() {
    return taken.get();
  }

  /** The longest apply was ever held by a checkpoint since the node started, nanoseconds. */
  public long maxHoldNanos() {
    return maxHoldNanos;
  }

  @Override
  public @Nullable SnapshotInfo getLatestSnapshot() {
    return newest;
  }

  @Override
  public @Nullable File getSnapshotDir() {
    return publishedDirectory;
  }

  @Override
  public @Nullable File getTmpDir() {
    return temporaryDirectory;
  }

  /** Ratis never does; a node formats its storage itself, at its founding. */
  @Override
  public void format() {}

  /** Done when a snapshot is complete, not when it is begun. */
  @Override
  public void cleanupOldSnapshots(SnapshotRetentionPolicy retention) {}

  /** Counts bytes of Raft log and asks for a snapshot when there are enough. Apply thread. */
  void logged(long bytes, boolean mayRequest) {
    bytesSinceSnapshot += bytes;
    if (mayRequest && !requested && bytesSinceSnapshot >= policy.logBytes()) {
      request();
    }
  }

  /** Asks Ratis to take a snapshot as soon as its apply thread comes to it. Any thread. */
  public void request() {
    requested = true;
    RaftServer raftServer = server;
    RaftGroupId group = groupId;
    if (raftServer == null || group == null) {
      throw new IllegalStateException("not initialized");
    }
    try {
      // Not on the caller's thread: Ratis takes its server lock.
      worker.execute(
          () -> {
            try {
              flush.run();
              var unused =
                  raftServer
                      .snapshotManagementAsync(
                          SnapshotManagementRequest.newCreate(
                              clientId,
                              raftServer.getId(),
                              group,
                              CALLS.incrementAndGet(),
                              REQUEST_TIMEOUT_MILLIS,
                              1))
                      .whenComplete((reply, e) -> requested = false);
            } catch (Exception e) {
              requested = false;
              LOG.warn("cannot ask for a snapshot", e);
            }
          });
    } catch (RejectedExecutionException e) {
      requested = false;
    }
  }

  /**
   * Takes a checkpoint now and completes the snapshot in the background. Apply thread.
   *
   * @return up to which index the Raft log may be purged, or −1: that of the last complete
   *     snapshot, so that a follower that is given it finds the log from there on
   */
  long take(LogCore core) {
    CompletableFuture<Void> previous = finishing;
    long index = core.appliedIndex();
    long term = core.appliedTerm();
    boolean busy = previous != null && !previous.isDone();
    boolean nothingNew = newest().filter(snapshot -> snapshot.index() >= index).isPresent();
    if (busy || nothingNew || index < 0) {
      return RaftLog.INVALID_LOG_INDEX;
    }
    long purge = purgeIndex();
    Path target;
    synchronized (publishing) {
      if (paused || closed) {
        return RaftLog.INVALID_LOG_INDEX;
      }
      target = directory().prepare(term, index);
    }
    long started = System.nanoTime();
    core.checkpoint(target);
    long held = System.nanoTime() - started;
    maxHoldNanos = Math.max(maxHoldNanos, held);
    bytesSinceSnapshot = 0;
    CompletableFuture<Void> done = new CompletableFuture<>();
    finishing = done;
    try {
      worker.execute(() -> finish(term, index, held, done));
    } catch (RejectedExecutionException e) {
      done.complete(null);
    }
    return purge;
  }

  private void finish(long term, long index, long heldNanos, CompletableFuture<Void> done) {
    boolean published = false;
    try {
      long started = System.nanoTime();
      directory().complete(term, index);
      synchronized (publishing) {
        if (paused || closed) {
          LOG.info("dropping the snapshot at {}: another is being installed, or closing", index);
          return;
        }
        Snapshot snapshot = directory().publish(term, index);
        newest = new Published(snapshot);
        published = true;
        LOG.info(
            "took a snapshot at term {} index {}: {} files, {} bytes; apply was held for {} ms,"
                + " completed in {} ms",
            term,
            index,
            snapshot.files().size(),
            snapshot.bytes(),
            heldNanos / 1_000_000,
            (System.nanoTime() - started) / 1_000_000);
        directory().deleteOld(policy.kept(), old -> isBeingSent(old.index()));
      }
    } catch (RuntimeException e) {
      LOG.error("cannot complete the snapshot at {}; the next will be tried in time", index, e);
    } finally {
      done.complete(null);
    }
    if (published) {
      taken.incrementAndGet();
    }
  }

  private boolean isBeingSent(long index) {
    Long at = sentAt.get(index);
    if (at == null) {
      return false;
    }
    if (System.nanoTime() - at < SENDING_NANOS) {
      return true;
    }
    sentAt.remove(index, at);
    return false;
  }

  private long purgeIndex() {
    long complete = newest().map(Snapshot::index).orElse(RaftLog.INVALID_LOG_INDEX);
    boolean olderInUse =
        sentAt.keySet().stream().anyMatch(index -> index < complete && isBeingSent(index));
    return olderInUse ? RaftLog.INVALID_LOG_INDEX : complete;
  }

  /**
   * Ratis is about to replace the published directory by one it has received: makes the received
   * files durable, and lets nothing of ours be published meanwhile.
   */
  void pause() {
    synchronized (publishing) {
      paused = true;
      directory().syncReceived();
    }
  }

  /** Ratis has replaced the published directory. */
  void resume() {
    synchronized (publishing) {
      SnapshotDirectory opened = directory();
      opened.syncPublished();
      opened.deleteReceived();
      newest = opened.latest().map(Published::new).orElse(null);
      bytesSinceSnapshot = 0;
      paused = false;
    }
  }

  @Override
  public void close() {
    closed = true;
    worker.shutdown();
    boolean interrupted = false;
    try {
      // Bounded: what is not complete by then is dropped at the next start.
      worker.awaitTermination(10, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      interrupted = true;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** A snapshot in Ratis's words. */
  private final class Published implements SnapshotInfo {
    private final Snapshot snapshot;
    private final TermIndex termIndex;
    private final List<FileInfo> files;

    Published(Snapshot snapshot) {
      this.snapshot = snapshot;
      this.termIndex = TermIndex.valueOf(snapshot.term(), snapshot.index());
      List<FileInfo> all = new ArrayList<>();
      for (Path path : SnapshotDirectory.paths(snapshot)) {
        // Without a digest, Ratis computes one while it sends the file.
        all.add(new FileInfo(path, null));
      }
      this.files = List.copyOf(all);
    }

    @Override
    public TermIndex getTermIndex() {
      return termIndex;
    }

    /** Asked for by whoever sends the snapshot, again and again while it does. */
    @Override
    public List<FileInfo> getFiles() {
      sentAt.put(snapshot.index(), System.nanoTime());
      return files;
    }

    @Override
    public String toString() {
      return "snapshot" + termIndex + " of " + files.size() + " files";
    }
  }
}
