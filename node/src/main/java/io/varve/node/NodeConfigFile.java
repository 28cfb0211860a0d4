package io.varve.node;

import io.varve.node.api.ApiOptions;
import io.varve.node.api.ConnectionOptions;
import io.varve.node.cluster.FoundingSettings;
import io.varve.node.cluster.HostAndPort;
import io.varve.node.cluster.MemberConfig;
import io.varve.node.cluster.RaftTuning;
import io.varve.node.config.ConfigException;
import io.varve.node.config.ConfigKey;
import io.varve.node.config.ConfigSection;
import io.varve.node.config.Overrides;
import io.varve.node.ops.AdminOptions;
import io.varve.node.pipeline.PipelineOptions;
import io.varve.node.read.ReadOptions;
import io.varve.node.routing.RoutingOptions;
import io.varve.node.security.GatewayTokens;
import io.varve.statemachine.AppendLimits;
import io.varve.statemachine.StoreOptions;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The configuration file of a node: YAML. docs/configuration.md is its page for people. Sizes may
 * be written {@code 64KiB}, {@code 4MiB}, {@code 1GiB}, durations {@code 500ms}, {@code 2s}, {@code
 * 1m}. An unknown key is refused.
 *
 * <pre>{@code
 * nodeId: node-1                  # required; one of the members
 * dataDirectory: /var/lib/varve   # required; one file system
 * listen: 0.0.0.0:4520            # the gRPC API; default: this member's clientAddress
 * adminListen: 0.0.0.0:4522       # /metrics, /live, /ready; "none" = not served;
 *                                 # default: 127.0.0.1:0, any free port that only this machine reaches
 * members:                        # required, the same on every node
 *   - id: node-1                  # 1 to 64 characters of A-Za-z0-9._-
 *     peerAddress: 10.0.0.1:4521  # where peers reach its Raft server
 *     clientAddress: 10.0.0.1:4520  # where clients and peers reach its gRPC API
 * founding:                       # fixed for ever when the cluster is founded
 *   dedupWindow: 1000000          # for how many positions an append id is remembered
 *   scopeStepLimit: 100000        # how many steps deciding the scopes of one append may take
 * limits:                         # what one append may be; the same on every node
 *   payloadBytes: 1MiB            # of one event
 *   appendBytes: 4MiB             # at most 4MiB
 *   events: 4096
 *   metadataBytes: 16KiB          # of one event
 *   conditions: 64
 *   filterItems: 16
 *   types: 64                     # of one filter item
 *   tags: 32                      # of one event, or of one filter item
 *   nameBytes: 512
 * overload:                       # past these, callers are told to back off
 *   queuedAppends: 65536          # waiting for the next Raft entry
 *   queuedBytes: 64MiB
 *   heldAppends: 131072           # unanswered, over all callers
 *   heldBytes: 256MiB
 *   streams: 4096                 # open reads and subscriptions
 *   callsPerConnection: 4096
 *   connections: 4096             # of clients and peers together
 * server:                         # connections to the gRPC API
 *   keepAliveTime: 30s            # a silent client is asked whether it is there
 *   keepAliveTimeout: 10s         # and its connection closed if it does not answer in time
 *   minClientKeepAlive: 1s        # a client that asks more often than this is sent away
 *   connectionIdle: 15m           # a connection without a call is closed after so long
 * security:
 *   gatewayTokens: ...            # only who shows one may set origins; default: everybody may
 * tuning:
 *   entriesInFlight: 2            # Raft entries handed over and not yet applied
 *   readWorkers: 2                # threads that serve all reads and subscriptions
 *   drain: 2s                     # how long open calls may go on when the node stops
 *   electionTimeoutMin: 1s        # the same on every node
 *   electionTimeoutMax: 1600ms
 *   logSegmentBytes: 64MiB        # of one file of the Raft log; whole files are purged
 *   snapshotLogBytes: 256MiB      # a snapshot after so much Raft log
 *   retryCacheExpiry: 5s          # how long Ratis remembers requests; nothing rests on it
 *   blockCacheBytes: 64MiB
 *   writeBufferBytes: 64MiB
 * }</pre>
 */
final class NodeConfigFile {

  private static final int MIB = 1 << 20;

  /** Fits the buffers of the Raft log whatever their labels add. */
  private static final int MAX_APPEND_BYTES = 4 * MIB;

  /** The least there can be: whatever reads it asks for every key. */
  private static final String LEAST =
      "nodeId: n\ndataDirectory: d\nmembers: [{id: n, peerAddress: 'h:1', clientAddress: 'h:2'}]";

  private NodeConfigFile() {}

  /** Every key there is, in the order it is asked for; those of a member apart. */
  static List<ConfigKey> keys() {
    List<ConfigKey> keys = new ArrayList<>();
    NodeConfig unused = read(ConfigSection.recorded(LEAST, keys::add));
    return keys;
  }

  /**
   * Reads the text of a file.
   *
   * @throws ConfigException if it says something that cannot be, or lacks something it must say
   */
  static NodeConfig parse(String yaml) {
    return parse(yaml, "", new Overrides(List.of()));
  }

  /**
   * Reads the text of a file, with values from elsewhere over it.
   *
   * @param file what messages put before a line; may be empty
   * @throws ConfigException if one says something that cannot be, or something is missing
   */
  static NodeConfig parse(String yaml, String file, Overrides overrides) {
    return read(ConfigSection.ofYaml(yaml, file, overrides));
  }

  private static NodeConfig read(ConfigSection root) {
    try (ConfigSection file = root) {
      String nodeId = file.text("nodeId");
      Path dataDirectory = directory(file, "dataDirectory");
      List<MemberConfig> members = members(file.sections("members"));
      MemberConfig self =
          members.stream()
              .filter(member -> member.id().equals(nodeId))
              .findFirst()
              .orElseThrow(
                  () ->
                      file.refused(
                          "nodeId",
                          "'" + nodeId + "' is not a member; the members are " + ids(members)));
      String listensAt = file.text("listen", "");
      HostAndPort listen =
          address(file, "listen", listensAt.isEmpty() ? self.clientAddress() : listensAt);
      AdminOptions admin = admin(file);
      FoundingSettings founding;
      AppendLimits limits;
      try (ConfigSection section = file.section("founding")) {
        founding = founding(section);
      }
      try (ConfigSection section = file.section("limits")) {
        limits = limits(section);
      }
      try (ConfigSection overload = file.section("overload");
          ConfigSection server = file.section("server");
          ConfigSection security = file.section("security");
          ConfigSection tuning = file.section("tuning")) {
        return new NodeConfig(
            nodeId,
            dataDirectory,
            listen,
            members,
            founding,
            limits,
            pipeline(overload, tuning),
            routing(overload),
            reads(overload, tuning),
            api(overload, server, security, tuning),
            admin,
            raft(tuning));
      }
    }
  }

  private static List<MemberConfig> members(List<ConfigSection> sections) {
    List<MemberConfig> members = new ArrayList<>();
    Set<String> ids = new HashSet<>();
    for (ConfigSection section : sections) {
      try (section) {
        MemberConfig member =
            new MemberConfig(
                section.text("id"), section.text("peerAddress"), section.text("clientAddress"));
        address(section, "peerAddress", member.peerAddress());
        address(section, "clientAddress", member.clientAddress());
        if (!member.id().matches("[A-Za-z0-9._-]{1,64}")) {
          throw section.refused("id", "an id has 1 to 64 characters of A-Za-z0-9._-");
        }
        if (!ids.add(member.id())) {
          throw section.refused("id", "'" + member.id() + "' occurs twice");
        }
        members.add(member);
      }
    }
    return members;
  }

  private static String ids(List<MemberConfig> members) {
    return members.stream().map(MemberConfig::id).collect(Collectors.joining(", "));
  }

  private static Path directory(ConfigSection section, String key) {
    String text = section.text(key);
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw section.refused(key, "not a path: " + e.getMessage());
    }
  }

  private static HostAndPort address(ConfigSection section, String key, String text) {
    try {
      return HostAndPort.parse(text);
    } catch (IllegalArgumentException e) {
      throw section.refused(key, e.getMessage());
    }
  }

  private static AdminOptions admin(ConfigSection file) {
    AdminOptions defaults = AdminOptions.defaults();
    String listen =
        file.text("adminListen", defaults.listen().map(HostAndPort::text).orElse("none"));
    if (listen.equals("none")) {
      return defaults.off();
    }
    try {
      return defaults.withListen(HostAndPort.parseListen(listen));
    } catch (IllegalArgumentException e) {
      throw file.refused("adminListen", e.getMessage());
    }
  }

  private static FoundingSettings founding(ConfigSection section) {
    FoundingSettings defaults = FoundingSettings.defaults();
    return new FoundingSettings(
        defaults.log(),
        section.number("dedupWindow", defaults.dedupWindow(), 1, 1_000_000_000),
        section.number("scopeStepLimit", defaults.scopeStepLimit(), 1, 100_000_000));
  }

  private static AppendLimits limits(ConfigSection section) {
    AppendLimits defaults = AppendLimits.defaults();
    return new AppendLimits(
        section.bytes("payloadBytes", defaults.payloadBytes(), 1, MAX_APPEND_BYTES),
        section.bytes("appendBytes", defaults.appendBytes(), 1, MAX_APPEND_BYTES),
        section.number("events", defaults.events(), 1, 4_096),
        section.bytes("metadataBytes", defaults.metadataBytes(), 0, MIB),
        section.number("conditions", defaults.conditions(), 0, 1_024),
        section.number("filterItems", defaults.filterItems(), 1, 256),
        section.number("types", defaults.types(), 1, 1_024),
        section.number("tags", defaults.tags(), 0, 256),
        section.number("nameBytes", defaults.nameBytes(), 1, 512));
  }

  private static PipelineOptions pipeline(ConfigSection overload, ConfigSection tuning) {
    PipelineOptions defaults = PipelineOptions.defaults();
    return defaults
        .withQueue(
            overload.number("queuedAppends", defaults.maxQueuedAppends(), 1, 10_000_000),
            overload.bytes("queuedBytes", defaults.maxQueuedBytes(), 1, 1L << 40))
        .withMaxInFlight(tuning.number("entriesInFlight", defaults.maxInFlight(), 1, 16));
  }

  private static RoutingOptions routing(ConfigSection overload) {
    RoutingOptions defaults = RoutingOptions.defaults();
    return new RoutingOptions(
        overload.number("heldAppends", defaults.maxHeldAppends(), 1, 10_000_000),
        overload.bytes("heldBytes", defaults.maxHeldBytes(), MAX_APPEND_BYTES, 1L << 40),
        defaults.tick());
  }

  private static ReadOptions reads(ConfigSection overload, ConfigSection tuning) {
    ReadOptions defaults = ReadOptions.defaults();
    return defaults
        .withMaxStreams(overload.number("streams", defaults.maxStreams(), 1, 1_000_000))
        .withWorkers(tuning.number("readWorkers", defaults.workers(), 1, 256));
  }

  private static ApiOptions api(
      ConfigSection overload, ConfigSection server, ConfigSection security, ConfigSection tuning) {
    ApiOptions defaults = ApiOptions.defaults();
    return new ApiOptions(
        defaults.maxMessageBytes(),
        overload.number("callsPerConnection", defaults.maxCallsPerConnection(), 1, 1_000_000),
        defaults.blockingThreads(),
        tuning.duration("drain", defaults.drain(), Duration.ZERO, Duration.ofMinutes(10)),
        connections(overload, server),
        gateways(security));
  }

  private static GatewayTokens gateways(ConfigSection section) {
    List<String> tokens = section.texts("gatewayTokens", List.of());
    try {
      return GatewayTokens.of(tokens);
    } catch (IllegalArgumentException e) {
      throw section.refused("gatewayTokens", e.getMessage());
    }
  }

  private static ConnectionOptions connections(ConfigSection overload, ConfigSection server) {
    ConnectionOptions defaults = ConnectionOptions.defaults();
    return new ConnectionOptions(
        overload.number("connections", defaults.maxConnections(), 1, 1_000_000),
        server.duration(
            "keepAliveTime",
            defaults.keepAliveTime(),
            Duration.ofSeconds(1),
            Duration.ofMinutes(60)),
        server.duration(
            "keepAliveTimeout",
            defaults.keepAliveTimeout(),
            Duration.ofSeconds(1),
            Duration.ofMinutes(10)),
        server.duration(
            "minClientKeepAlive",
            defaults.minClientKeepAlive(),
            Duration.ofMillis(100),
            Duration.ofMinutes(60)),
        server.duration(
            "connectionIdle",
            defaults.connectionIdle(),
            Duration.ofSeconds(1),
            Duration.ofMinutes(1_440)));
  }

  private static RaftTuning raft(ConfigSection tuning) {
    RaftTuning defaults = RaftTuning.defaults();
    StoreOptions store = defaults.store();
    Duration min =
        tuning.duration(
            "electionTimeoutMin",
            defaults.electionTimeoutMin(),
            Duration.ofMillis(100),
            Duration.ofMinutes(1));
    Duration max =
        tuning.duration(
            "electionTimeoutMax",
            min.compareTo(defaults.electionTimeoutMax()) > 0
                ? min.multipliedBy(2)
                : defaults.electionTimeoutMax(),
            Duration.ofMillis(100),
            Duration.ofMinutes(2));
    if (max.compareTo(min) < 0) {
      throw tuning.refused("electionTimeoutMax", "it must not be less than electionTimeoutMin");
    }
    long segment =
        tuning.bytes("logSegmentBytes", defaults.logSegmentBytes(), MIB, Integer.MAX_VALUE);
    return defaults
        .withElectionTimeout(min, max)
        .withLogSegments(segment, Math.min(segment, defaults.logPreallocatedBytes()))
        .withSnapshotLogBytes(
            tuning.bytes("snapshotLogBytes", defaults.snapshotLogBytes(), MIB, 1L << 40))
        .withRetryCacheExpiry(
            tuning.duration(
                "retryCacheExpiry",
                defaults.retryCacheExpiry(),
                Duration.ofMillis(1),
                Duration.ofMinutes(10)))
        .withStore(
            store
                .withBlockCacheBytes(
                    tuning.bytes("blockCacheBytes", store.blockCacheBytes(), MIB, 1L << 40))
                .withWriteBufferBytes(
                    tuning.bytes("writeBufferBytes", store.writeBufferBytes(), MIB, 1L << 40)));
  }
}
