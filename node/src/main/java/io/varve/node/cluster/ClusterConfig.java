package io.varve.node.cluster;

import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What a node needs to know to take part in a cluster.
 *
 * @param nodeId this node's id; one of the members'
 * @param dataDirectory where everything of this node lies, on one file system
 * @param members every configured member, this one included, the same on every node
 * @param founding what to fix if this node's cluster has yet to be founded
 * @param tuning timeouts, sizes and bounds
 */
public record ClusterConfig(
    String nodeId,
    Path dataDirectory,
    List<MemberConfig> members,
    FoundingSettings founding,
    RaftTuning tuning) {

  private static final Pattern ID = Pattern.compile("[A-Za-z0-9._-]{1,64}");

  public ClusterConfig {
    members = List.copyOf(members);
    Set<String> ids = new HashSet<>();
    for (MemberConfig member : members) {
      if (!ID.matcher(member.id()).matches()) {
        throw new IllegalArgumentException(
            "members: the id '" + member.id() + "' is not 1 to 64 characters of A-Za-z0-9._-");
      }
      if (!ids.add(member.id())) {
        throw new IllegalArgumentException("members: the id '" + member.id() + "' occurs twice");
      }
    }
    if (!ids.contains(nodeId)) {
      throw new IllegalArgumentException(
          "nodeId: '" + nodeId + "' is not among the members " + ids);
    }
  }

  /** This node as its peers know it. */
  MemberConfig self() {
    return member(nodeId).orElseThrow();
  }

  Optional<MemberConfig> member(String id) {
    return members.stream().filter(member -> member.id().equals(id)).findFirst();
  }

  /** All members but this one. */
  List<MemberConfig> others() {
    return members.stream().filter(member -> !member.id().equals(nodeId)).toList();
  }

  /** Ids of all members, sorted. */
  List<String> memberIds() {
    return members.stream().map(MemberConfig::id).sorted().toList();
  }

  /** The member that founds the cluster if it must be founded: the one with the lowest id. */
  String founder() {
    return members.stream().map(MemberConfig::id).min(Comparator.naturalOrder()).orElseThrow();
  }

  Path identityFile() {
    return dataDirectory.resolve("identity");
  }

  Path raftDirectory() {
    return dataDirectory.resolve("raft");
  }

  Path storeDirectory() {
    return dataDirectory.resolve("store");
  }
}
