package io.varve.client.internal;

import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.varve.client.ClientClosedException;
import io.varve.client.OverloadedException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The nodes this client knows of, which of them it takes for the leader, and its connections to
 * them. Thread-safe.
 *
 * <p>Every streaming call has a connection of its own: HTTP/2's flow control also bounds what lies
 * unread on one connection, so a reader that pauses would in time stop every other call on it.
 * Connections are pooled. One that broke is thrown away rather than left to its own back-off: when
 * to try again is decided here.
 */
final class Nodes {

  private static final Logger LOG = LoggerFactory.getLogger(Nodes.class);

  /** Answers carry it when the answering node knows the leader: where clients reach it. */
  private static final Metadata.Key<String> LEADER =
      Metadata.Key.of("varve-leader", Metadata.ASCII_STRING_MARSHALLER);

  /** Bounds what a confused cluster can make the client remember. */
  private static final int MAX_ADDRESSES = 64;

  /** Reads and subscriptions open at a time. */
  private static final int MAX_STREAMS = 256;

  /** Idle connections for streaming calls kept open to one node. */
  private static final int MAX_IDLE_PER_NODE = 4;

  /**
   * For so long a node that failed is not asked first just because others name it the leader;
   * doubled with each further failure, up to {@link #MAX_AVOID_NANOS}.
   */
  private static final long AVOID_NANOS = TimeUnit.SECONDS.toNanos(5);

  private static final long MAX_AVOID_NANOS = TimeUnit.MINUTES.toNanos(5);

  /** For so long it is believed that a node reaches a leader which this client cannot. */
  private static final long DETOUR_NANOS = TimeUnit.SECONDS.toNanos(30);

  /** Failures of a node since it last answered. */
  private record Failures(int count, long lastNanos) {
    boolean avoid(long now) {
      long nanos = Math.min(AVOID_NANOS << Math.min(count - 1, 10), MAX_AVOID_NANOS);
      return now - lastNanos < nanos;
    }
  }

  /** A node that forwards to a leader out of this client's reach. */
  private record Detour(Address leader, Address through, long sinceNanos) {}

  private final List<Address> targets;
  private final Transport transport;
  private final boolean learnAddresses;
  private final List<Runnable> leaderListeners = new CopyOnWriteArrayList<>();

  // Guarded by this.
  private final Set<Address> addresses = new LinkedHashSet<>();
  private final Map<Address, ManagedChannel> control = new HashMap<>();
  private final Map<Address, Deque<ManagedChannel>> idle = new HashMap<>();
  private final Map<Address, Failures> failures = new HashMap<>();
  private int streams;
  private boolean closed;
  private Address current;

  private volatile @Nullable Address leader;
  private volatile @Nullable Detour detour;
  private volatile boolean namesLeaders;

  Nodes(List<Address> targets, Transport transport, boolean learnAddresses) {
    this.transport = transport;
    this.learnAddresses = learnAddresses;
    this.targets = List.copyOf(targets);
    List<Address> shuffled = new ArrayList<>(targets);
    // Many clients with the same targets should not all read from the first.
    Collections.shuffle(shuffled, ThreadLocalRandom.current());
    addresses.addAll(shuffled);
    current = shuffled.get(0);
  }

  // ---- which nodes ----

  /** All known addresses, the one in use first. */
  synchronized List<Address> all() {
    List<Address> all = new ArrayList<>(addresses.size());
    all.add(current);
    for (Address address : addresses) {
      if (!address.equals(current)) {
        all.add(address);
      }
    }
    return all;
  }

  /** The node that serves what any node can. */
  synchronized Address any() {
    return current;
  }

  /** The leader if it is known and could be reached of late, else any node. */
  Address leaderOrAny() {
    Address known = leader;
    if (known == null) {
      return any();
    }
    synchronized (this) {
      Failures failed = failures.get(known);
      return failed != null && failed.avoid(System.nanoTime()) ? current : known;
    }
  }

  /** A node answered. */
  void answered(Address address) {
    synchronized (this) {
      if (!failures.isEmpty()) {
        failures.remove(address);
      }
    }
  }

  /** The address of the leader as answers name it. */
  Optional<Address> leader() {
    return Optional.ofNullable(leader);
  }

  boolean learnsAddresses() {
    return learnAddresses;
  }

  /** A call to this node failed for want of the node: turn to the next one. */
  void failed(Address address) {
    synchronized (this) {
      Failures before = failures.get(address);
      failures.put(address, new Failures(before == null ? 1 : before.count + 1, System.nanoTime()));
      if (address.equals(current)) {
        List<Address> all = all();
        current = all.get(all.size() > 1 ? 1 : 0);
        // Rotate: the one that failed goes to the end.
        addresses.remove(address);
        addresses.add(address);
      }
    }
    if (address.equals(leader)) {
      leader = null;
    }
  }

  /** Learns addresses that the cluster itself names. */
  synchronized void learn(List<String> named) {
    if (!learnAddresses) {
      return;
    }
    for (String address : named) {
      if (addresses.size() < MAX_ADDRESSES) {
        parse(address).ifPresent(addresses::add);
      }
    }
  }

  /** Learns who the members are now: forgets addresses of nodes that have left. */
  synchronized void members(List<String> named) {
    if (!learnAddresses || named.isEmpty()) {
      return;
    }
    Set<Address> members = new LinkedHashSet<>(targets);
    named.forEach(address -> parse(address).ifPresent(members::add));
    Address known = leader;
    if (known != null) {
      members.add(known);
    }
    addresses.retainAll(members);
    if (!addresses.contains(current)) {
      current = targets.get(0);
    }
    failures.keySet().retainAll(members);
    learn(named);
  }

  /** Learns from an answer's headers or trailers; returns the leader they name. */
  Optional<Address> learn(@Nullable Metadata headers) {
    String named = headers == null ? null : headers.get(LEADER);
    if (named == null || !learnAddresses) {
      return Optional.empty();
    }
    namesLeaders = true;
    Address known = leader;
    if (known != null && known.toString().equals(named)) {
      return Optional.of(known);
    }
    Optional<Address> parsed = parse(named);
    parsed.ifPresent(this::leader);
    return parsed;
  }

  /** Whether this cluster's nodes name the leader in their answers if they know it. */
  boolean namesLeaders() {
    return namesLeaders;
  }

  /** Remembers that a node reaches a leader which this client does not. */
  void detour(Address unreachable, Address through) {
    detour = new Detour(unreachable, through, System.nanoTime());
  }

  /** The node to go through to a leader that cannot be reached. */
  Optional<Address> detour(Address unreachable) {
    Detour known = detour;
    return known != null
            && known.leader.equals(unreachable)
            && System.nanoTime() - known.sinceNanos < DETOUR_NANOS
        ? Optional.of(known.through)
        : Optional.empty();
  }

  /** Takes this node for the leader. */
  void leader(Address address) {
    if (!address.equals(leader)) {
      LOG.debug("leader: {}", address);
      leader = address;
      learn(List.of(address.toString()));
      leaderListeners.forEach(Runnable::run);
    }
  }

  /** Calls back, on whatever thread, when another leader is heard of. */
  void onLeader(Runnable listener) {
    leaderListeners.add(listener);
  }

  private static Optional<Address> parse(String address) {
    try {
      return Optional.of(Address.parse(address));
    } catch (IllegalArgumentException notAnAddress) {
      LOG.debug("a node names an address that is none: {}", address);
      return Optional.empty();
    }
  }

  // ---- connections ----

  /** The connection for short calls to a node. */
  synchronized ManagedChannel control(Address address) {
    requireOpen();
    return control.computeIfAbsent(address, transport::networkChannel);
  }

  /** A short call found the connection broken: the next one gets a fresh one. */
  void discardControl(Address address, ManagedChannel broken) {
    synchronized (this) {
      if (!control.remove(address, broken)) {
        return;
      }
    }
    // Not shutdownNow: calls beside the one that failed may still be answered.
    broken.shutdown();
  }

  /** A connection for one streaming call, to be handed back. */
  synchronized ManagedChannel lease(Address address) {
    requireOpen();
    if (streams >= MAX_STREAMS) {
      throw new OverloadedException(
          "this client has " + MAX_STREAMS + " reads and subscriptions open", Duration.ZERO);
    }
    streams++;
    Deque<ManagedChannel> pool = idle.get(address);
    ManagedChannel channel = pool == null ? null : pool.pollFirst();
    return channel == null ? transport.networkChannel(address) : channel;
  }

  /** Hands a leased connection back. */
  void release(Address address, ManagedChannel channel, boolean broken) {
    synchronized (this) {
      streams--;
      if (!closed && !broken) {
        Deque<ManagedChannel> pool = idle.computeIfAbsent(address, any -> new ArrayDeque<>());
        if (pool.size() < MAX_IDLE_PER_NODE) {
          pool.addFirst(channel);
          return;
        }
      }
    }
    channel.shutdownNow();
  }

  private void requireOpen() {
    if (closed) {
      throw new ClientClosedException("the client is closed");
    }
  }

  void close() {
    List<ManagedChannel> channels = new ArrayList<>();
    synchronized (this) {
      closed = true;
      channels.addAll(control.values());
      idle.values().forEach(channels::addAll);
      control.clear();
      idle.clear();
    }
    channels.forEach(ManagedChannel::shutdownNow);
  }
}
