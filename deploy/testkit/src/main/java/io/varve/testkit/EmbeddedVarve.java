package io.varve.testkit;

import io.varve.client.VarveClient;
import io.varve.node.NodeConfig;
import io.varve.node.VarveNode;
import io.varve.node.cluster.MemberConfig;
import io.varve.node.cluster.RaftTuning;
import io.varve.node.ops.AdminOptions;
import io.varve.statemachine.StoreOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One whole node in this process: a real Raft log and a real store in a temporary directory, served
 * over gRPC on a free port of the loopback address. It decides as a cluster of three does; what it
 * lacks is other nodes. For tests.
 *
 * <p>The first start in a process takes some two seconds, further ones 0.1 to 0.2 s; closing one
 * takes a second. Beside the heap, each holds up to 24 MiB for its store and some threads. Its
 * recorded times come from the system's clock. Thread-safe.
 */
public final class EmbeddedVarve implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(EmbeddedVarve.class);

  private static final String NODE = "embedded";
  private static final String LOOPBACK = "127.0.0.1";

  /** Ports that look free may be taken before the node listens there. */
  private static final int START_ATTEMPTS = 5;

  private static final Duration START_LIMIT = Duration.ofSeconds(60);
  private static final long POLL_MILLIS = 5;

  /** Tests run on slow and busy machines: they are to fail for what is wrong, not for that. */
  private static final Duration CLIENT_DEADLINE = Duration.ofSeconds(60);

  private static final int MIB = 1 << 20;

  /** A node alone waits for nobody: it may elect itself soon, and never loses its followers. */
  private static final RaftTuning TUNING =
      RaftTuning.defaults()
          .withElectionTimeout(Duration.ofMillis(60), Duration.ofMillis(120))
          .withLogSegments(4L * MIB, 256L << 10)
          .withStore(
              StoreOptions.defaults()
                  .withBlockCacheBytes(8L * MIB)
                  .withWriteBufferBytes(16L * MIB));

  private final Path directory;
  private final NodeConfig config;
  private final AtomicReference<String> halted = new AtomicReference<>("");
  private VarveNode node;
  private Optional<VarveClient> client = Optional.empty();
  private boolean closed;

  private EmbeddedVarve(Path directory, NodeConfig config) {
    this.directory = directory;
    this.config = config;
    this.node = VarveNode.start(config, this::halt);
  }

  /**
   * Starts a node with an empty log, and waits until it can be used.
   *
   * @throws IllegalStateException if it cannot be used within 60 s; or if the current thread is
   *     interrupted, whose flag stays set
   * @throws UncheckedIOException if there is no temporary directory to be had
   */
  public static EmbeddedVarve start() {
    long begin = System.nanoTime();
    Path directory;
    try {
      directory = Files.createTempDirectory("varve-embedded-");
    } catch (IOException e) {
      throw new UncheckedIOException("cannot make a directory for an embedded node", e);
    }
    List<RuntimeException> failures = new ArrayList<>();
    while (failures.size() < START_ATTEMPTS) {
      Path data = directory.resolve("data-" + failures.size());
      try {
        EmbeddedVarve embedded = new EmbeddedVarve(directory, config(data));
        try {
          embedded.awaitReady();
        } catch (RuntimeException | Error e) {
          embedded.close();
          throw e;
        }
        LOG.debug(
            "An embedded node serves at {} after {} ms",
            embedded.target(),
            TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin));
        return embedded;
      } catch (NotReadyException e) {
        throw e;
      } catch (RuntimeException e) {
        failures.add(e);
      }
    }
    delete(directory);
    IllegalStateException failed =
        new IllegalStateException(
            "cannot start an embedded node; the last of "
                + START_ATTEMPTS
                + " attempts: "
                + failures.get(failures.size() - 1).getMessage());
    failures.forEach(failed::addSuppressed);
    throw failed;
  }

  private static NodeConfig config(Path data) {
    String peers = LOOPBACK + ":" + FreePorts.next();
    String clients = LOOPBACK + ":" + FreePorts.next();
    return NodeConfig.of(NODE, data, List.of(new MemberConfig(NODE, peers, clients)))
        .withRaft(defaults -> TUNING)
        .withApi(api -> api.withDrain(Duration.ofMillis(100)))
        .withAdmin(AdminOptions::off);
  }

  /** Where clients reach the node: {@code 127.0.0.1:PORT}. Stays the same across restarts. */
  public String target() {
    return config.listen().host() + ":" + config.listen().port();
  }

  /**
   * A client of the node, with a deadline of 60 s. The same one at every call; it is closed with
   * the node.
   *
   * @throws IllegalStateException if this was closed
   */
  public synchronized VarveClient client() {
    requireOpen();
    if (client.isEmpty()) {
      client = Optional.of(clientBuilder().build());
    }
    return client.get();
  }

  /**
   * Starts a further client of the node, with a deadline of 60 s unless told otherwise. The caller
   * closes it.
   */
  public VarveClient.Builder clientBuilder() {
    return VarveClient.builder().target(target()).deadline(CLIENT_DEADLINE);
  }

  /**
   * Stops the node and starts it again on its data, at the same address: what a client sees of a
   * node that is restarted. Everything acknowledged is still there. Waits until it can be used.
   *
   * @throws IllegalStateException if this was closed, or the node cannot be used within 60 s
   */
  public synchronized void restart() {
    requireOpen();
    node.close();
    node = VarveNode.start(config, this::halt);
    awaitReady();
  }

  /** Stops the node and deletes its data. Idempotent. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    client.ifPresent(VarveClient::close);
    node.close();
    delete(directory);
  }

  /** Where its data lies. */
  Path directory() {
    return directory;
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("this embedded node was closed");
    }
  }

  /** What would end a server's process must not end that of somebody's tests. */
  private void halt(String why, Throwable cause) {
    LOG.error("The embedded node stopped working: {}", why, cause);
    halted.set(why + ": " + cause);
  }

  private void awaitReady() {
    long begin = System.nanoTime();
    while (!node.ready()) {
      if (!halted.get().isEmpty()) {
        throw new NotReadyException("the embedded node stopped working: " + halted.get());
      }
      if (System.nanoTime() - begin > START_LIMIT.toNanos()) {
        throw new NotReadyException(
            "the embedded node could not be used within " + START_LIMIT.toSeconds() + " s");
      }
      try {
        TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new NotReadyException("interrupted while the embedded node started");
      }
    }
  }

  private static void delete(Path directory) {
    try (Stream<Path> tree = Files.walk(directory)) {
      for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    } catch (IOException | UncheckedIOException e) {
      LOG.warn("Cannot delete {}; it is of no further use", directory, e);
    }
  }

  /** It listens but cannot be used: another port would not help. */
  private static final class NotReadyException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    NotReadyException(String message) {
      super(message);
    }
  }
}
