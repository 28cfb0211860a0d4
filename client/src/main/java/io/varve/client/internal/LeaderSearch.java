package io.varve.client.internal;

import io.varve.client.InternalException;
import io.varve.client.VarveException;
import io.varve.proto.v1.ClusterServiceGrpc;
import io.varve.proto.v1.DescribeRequest;
import io.varve.proto.v1.DescribeResponse;
import io.varve.proto.v1.GetHeadRequest;
import io.varve.proto.v1.GetHeadResponse;
import io.varve.proto.v1.LogServiceGrpc;
import io.varve.proto.v1.Member;
import io.varve.proto.v1.ReadConsistency;
import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One search for the leader: asks every known node at once, and every node they name, until one
 * says of itself that it leads. What followers say is only a hint: theirs may be old.
 *
 * <p>Where the leader cannot be reached from here but another node reaches it, the search finds
 * that other node, which forwards.
 */
final class LeaderSearch {

  /** Called once, on a network thread. */
  interface Callback {
    /**
     * Send appends there.
     *
     * @param leads whether it is the leader itself
     */
    void found(Address address, boolean leads);

    /** There is none now. */
    void none(Failure failure);
  }

  /** Once a node has answered, how long the others may take before the search goes on without. */
  private static final long HURRY_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

  private final Nodes nodes;
  private final LogState log;
  private final Transport transport;
  private final long timeoutNanos;
  private final @Nullable Address avoid;
  private final Callback callback;

  // Guarded by this.
  private final Set<Address> asked = new HashSet<>();
  private int outstanding;
  private boolean over;
  private @Nullable Address answering;
  private @Nullable Address named;
  private @Nullable Address namedBy;
  private @Nullable Failure failure;
  private @Nullable Failure refusal;

  private LeaderSearch(
      Nodes nodes, LogState log, Transport transport, @Nullable Address avoid, Callback callback) {
    this.nodes = nodes;
    this.log = log;
    this.transport = transport;
    this.timeoutNanos = transport.connectTimeout().toNanos();
    this.avoid = avoid;
    this.callback = callback;
  }

  /**
   * Searches.
   *
   * @param avoid a node that is not the answer whatever it says of itself
   */
  static void start(
      Nodes nodes, LogState log, Transport transport, @Nullable Address avoid, Callback callback) {
    LeaderSearch search = new LeaderSearch(nodes, log, transport, avoid, callback);
    // Held until every node has been asked, lest the first failures look like the last.
    synchronized (search) {
      search.outstanding++;
    }
    for (Address address : nodes.all()) {
      search.ask(address);
    }
    nodes.leader().ifPresent(search::ask);
    search.settled();
  }

  /** Asks one node who leads; calls back, on a network thread, if it names one. */
  static void askOne(
      Nodes nodes,
      LogState log,
      Transport transport,
      Address address,
      Consumer<Address> whenNamed) {
    UnaryCall.start(
        nodes,
        address,
        LogServiceGrpc.getGetHeadMethod(),
        request(log),
        transport.connectTimeout().toNanos(),
        new UnaryCall.Callback<GetHeadResponse>() {
          @Override
          public void answered(GetHeadResponse response, Optional<Address> leader) {
            leader.ifPresent(whenNamed);
          }

          @Override
          public void failed(Failure failure, Optional<Address> leader) {
            leader.ifPresent(whenNamed);
          }
        });
  }

  private static GetHeadRequest request(LogState log) {
    return GetHeadRequest.newBuilder()
        .setLog(log.name())
        .setLogIdentity(log.identity())
        .setConsistency(ReadConsistency.newBuilder().setLocal(true))
        .build();
  }

  private void ask(Address address) {
    synchronized (this) {
      if (over || address.equals(avoid) || !asked.add(address)) {
        return;
      }
      outstanding++;
    }
    UnaryCall.start(
        nodes,
        address,
        LogServiceGrpc.getGetHeadMethod(),
        request(log),
        timeoutNanos,
        new UnaryCall.Callback<GetHeadResponse>() {
          @Override
          public void answered(GetHeadResponse response, Optional<Address> leader) {
            try {
              log.learn(response.getLogIdentity(), response.getHead());
            } catch (VarveException mismatch) {
              refused(new Failure(mismatch, false, true, Duration.ZERO));
              settled();
              return;
            }
            heard(address, leader);
          }

          @Override
          public void failed(Failure why, Optional<Address> leader) {
            if (why.retriable() || why.exception() instanceof InternalException) {
              // A node's own fault need not be the next one's.
              note(new Failure(why.exception(), true, why.fromServer(), why.retryAfter()));
            } else {
              refused(why);
            }
            // Even a node that cannot serve may know who can.
            leader
                .filter(named -> !named.equals(address))
                .ifPresent(named -> named(address, named));
            settled();
          }
        });
  }

  private void heard(Address address, Optional<Address> leader) {
    boolean first;
    synchronized (this) {
      first = answering == null;
      if (first) {
        answering = address;
      }
    }
    if (first) {
      hurry();
    }
    if (leader.isPresent()) {
      named(address, leader.get());
      settled();
    } else if (nodes.namesLeaders()) {
      // It would have said so if it knew one.
      settled();
    } else {
      describe(address);
    }
  }

  private void named(Address by, Address leader) {
    if (leader.equals(by)) {
      found(by, true);
      return;
    }
    synchronized (this) {
      named = leader;
      namedBy = by;
    }
    if (nodes.learnsAddresses()) {
      ask(leader);
    }
  }

  /**
   * A node that names no leader's address, or whose address must not be learned, still says whether
   * it leads itself.
   */
  private void describe(Address address) {
    UnaryCall.start(
        nodes,
        address,
        ClusterServiceGrpc.getDescribeMethod(),
        DescribeRequest.getDefaultInstance(),
        timeoutNanos,
        new UnaryCall.Callback<DescribeResponse>() {
          @Override
          public void answered(DescribeResponse response, Optional<Address> leader) {
            learn(response);
            String leaderId = response.getLeaderId();
            if (!leaderId.isEmpty()) {
              if (leaderId.equals(response.getNodeId())) {
                found(address, true);
              } else {
                clientAddress(response, leaderId).ifPresent(named -> named(address, named));
              }
            }
            settled();
          }

          @Override
          public void failed(Failure why, Optional<Address> leader) {
            note(why);
            settled();
          }
        });
  }

  private void learn(DescribeResponse response) {
    nodes.learn(response.getMembersList().stream().map(Member::getClientAddress).toList());
  }

  private static Optional<Address> clientAddress(DescribeResponse response, String id) {
    for (Member member : response.getMembersList()) {
      if (member.getId().equals(id) && !member.getClientAddress().isEmpty()) {
        try {
          return Optional.of(Address.parse(member.getClientAddress()));
        } catch (IllegalArgumentException notAnAddress) {
          return Optional.empty();
        }
      }
    }
    return Optional.empty();
  }

  /** A node that hangs must not hold up the next search. */
  private void hurry() {
    // If the client is closed, the calls fail as well.
    boolean unused = Transport.later(transport.networkLoop(), this::conclude, HURRY_NANOS);
  }

  private void settled() {
    synchronized (this) {
      outstanding--;
      if (outstanding > 0) {
        return;
      }
    }
    conclude();
  }

  private void conclude() {
    Address leader;
    Address by;
    synchronized (this) {
      if (over) {
        return;
      }
      over = true;
      leader = named;
      by = namedBy;
    }
    if (leader == null || by == null) {
      none();
      return;
    }
    Optional<Address> through = nodes.detour(leader);
    if (through.isPresent()) {
      callback.found(through.get(), false);
    } else {
      // For the next search: this one must not wait, lest it delay the next leader's discovery.
      lookForDetour(leader, by);
      none();
    }
  }

  /** The leader a node names does not answer here: is it dead, or only out of our reach? */
  private void lookForDetour(Address leader, Address through) {
    UnaryCall.start(
        nodes,
        through,
        ClusterServiceGrpc.getDescribeMethod(),
        DescribeRequest.getDefaultInstance(),
        timeoutNanos,
        new UnaryCall.Callback<DescribeResponse>() {
          @Override
          public void answered(DescribeResponse response, Optional<Address> ignored) {
            for (Member member : response.getMembersList()) {
              if (member.getId().equals(response.getLeaderId()) && member.getReachable()) {
                nodes.detour(leader, through);
              }
            }
          }

          @Override
          public void failed(Failure why, Optional<Address> ignored) {
            // The next search asks again.
          }
        });
  }

  private void found(Address address, boolean leads) {
    synchronized (this) {
      if (over) {
        return;
      }
      over = true;
    }
    callback.found(address, leads);
  }

  private void none() {
    Failure why;
    synchronized (this) {
      why = refusal != null && answering == null ? refusal : failure;
    }
    callback.none(why == null ? Failure.local("no node knows a leader") : why);
  }

  private synchronized void note(Failure why) {
    failure = why;
  }

  private synchronized void refused(Failure why) {
    refusal = why;
  }
}
