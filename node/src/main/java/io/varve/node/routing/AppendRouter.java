package io.varve.node.routing;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.varve.node.cluster.Replicator;
import io.varve.node.metrics.Metrics;
import io.varve.node.pipeline.AppendPipeline;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Supplier;

/** What the sessions of one node share. Thread-safe. */
public final class AppendRouter implements AutoCloseable {

  private final String nodeId;
  private final Replicator replicator;
  private final AppendPipeline pipeline;
  private final Function<String, Optional<String>> clientAddresses;
  private final Supplier<ByteString> logIdentity;
  private final ForwardChannels channels;
  private final AppendBudget budget;
  private final Ticker ticker;
  private final Answers answers;
  private final Set<AppendSession> sessions = ConcurrentHashMap.newKeySet();
  private volatile boolean stopping;

  /**
   * A router.
   *
   * @param nodeId this node's id
   * @param replicator tells who leads
   * @param pipeline takes appends while this node leads; not closed by the router
   * @param clientAddresses a node id's client address, if that node is a known member
   * @param logIdentity the log identity, empty while the log is not founded
   * @param connect opens a channel to a node's client address; the router shuts it down
   */
  public AppendRouter(
      String nodeId,
      Replicator replicator,
      AppendPipeline pipeline,
      Function<String, Optional<String>> clientAddresses,
      Supplier<ByteString> logIdentity,
      Function<String, ManagedChannel> connect,
      RoutingOptions options) {
    this.nodeId = nodeId;
    this.replicator = replicator;
    this.pipeline = pipeline;
    this.clientAddresses = clientAddresses;
    this.logIdentity = logIdentity;
    this.channels = new ForwardChannels(connect);
    this.budget = new AppendBudget(options.maxHeldAppends(), options.maxHeldBytes());
    this.ticker = new Ticker(options.tick());
    this.answers = new Answers(logIdentity);
  }

  /**
   * Opens a session.
   *
   * @param sink takes the answers
   * @param forwarded whether another node forwards through it; then its appends go no further
   * @param window how many of its appends may be unanswered at a time, at most
   */
  public AppendSession open(AppendSession.Sink sink, boolean forwarded, int window) {
    AppendSession session = new AppendSession(this, sink, forwarded, window);
    sessions.add(session);
    if (stopping) {
      session.finish();
    }
    return session;
  }

  /** Ends every session after the answers it still owes; later ones take no append. */
  public void stop() {
    stopping = true;
    sessions.forEach(AppendSession::finish);
  }

  /** A session has ended. */
  void ended(AppendSession session) {
    sessions.remove(session);
    ticker.remove(session);
  }

  /** The node that leads, if this one knows it and where it is. */
  public Optional<Leader> leader() {
    return replicator
        .leader()
        .flatMap(id -> clientAddresses.apply(id).map(address -> new Leader(id, address)));
  }

  /** Shows what is held for callers. Call it once. */
  public void measure(Metrics metrics) {
    metrics.gauge(
        "varve_append_held_appends",
        "Appends of this node's callers that wait for an answer, wherever they are.",
        budget::held);
    metrics.gauge(
        "varve_append_held_bytes", "Bytes of the appends that wait for an answer.", budget::bytes);
    metrics.gauge(
        "varve_append_streams_open",
        "Callers that appends come from: streams, and calls under way.",
        sessions::size);
  }

  /** How many unanswered appends this node holds. */
  public int held() {
    return budget.held();
  }

  /** Closes the connections to other nodes. Close the pipeline first. */
  @Override
  public void close() {
    ticker.close();
    channels.close();
  }

  /** Where a session's next appends should go, if that is known. */
  Optional<Route> route(AppendSession session, boolean forwarded, int window) {
    if (replicator.leads()) {
      return Optional.of(new LocalRoute(this, session));
    }
    if (forwarded) {
      return Optional.empty();
    }
    return leader()
        .filter(leader -> !leader.id().equals(nodeId))
        .map(
            leader ->
                ForwardStream.open(this, session, leader, channels.to(leader.address()), window));
  }

  /** This node's id. */
  public String nodeId() {
    return nodeId;
  }

  boolean leads() {
    return replicator.leads();
  }

  AppendPipeline pipeline() {
    return pipeline;
  }

  ByteString logIdentity() {
    return logIdentity.get();
  }

  AppendBudget budget() {
    return budget;
  }

  Ticker ticker() {
    return ticker;
  }

  Answers answers() {
    return answers;
  }
}
