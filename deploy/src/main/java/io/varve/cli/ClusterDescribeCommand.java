package io.varve.cli;

import io.varve.client.ClusterDescription;
import io.varve.client.ClusterDescription.Member;
import io.varve.client.VarveClient;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import picocli.CommandLine.Command;

/** {@code varve cluster describe}: members, leader, and how far each has come. */
@Command(
    name = "describe",
    sortOptions = false,
    description = "Print the members, the leader, and how far each has come.",
    footer = {"", "Example:", "  varve cluster describe --target localhost:4701 --json"})
final class ClusterDescribeCommand extends ClientCommand {

  ClusterDescribeCommand(GlobalOptions globals, Console console) {
    super(globals, console);
  }

  @Override
  ExitCode run(VarveClient client, Output output) {
    ClusterDescription cluster = client.describe();
    output.result(
        out -> {
          out.writeStringField("clusterId", text(cluster.clusterId()));
          out.writeStringField("logIdentity", text(cluster.logIdentity()));
          out.writeStringField("nodeId", cluster.nodeId());
          out.writeStringField("leaderId", cluster.leaderId().orElse(""));
          out.writeNumberField("term", cluster.term());
          out.writeArrayFieldStart("members");
          for (Member member : cluster.members()) {
            out.writeStartObject();
            out.writeStringField("id", member.id());
            out.writeStringField("clientAddress", member.clientAddress());
            out.writeStringField("peerAddress", member.peerAddress());
            out.writeStringField("role", role(member));
            out.writeBooleanField("reachable", member.reachable());
            out.writeNumberField("head", member.head());
            out.writeNumberField("appliedIndex", member.appliedIndex());
            out.writeEndObject();
          }
          out.writeEndArray();
        },
        text(cluster));
    return ExitCode.DONE;
  }

  private static String text(ClusterDescription cluster) {
    TextTable table = new TextTable("NODE", "ROLE", "HEAD", "APPLIED", "CLIENTS", "PEERS");
    for (Member member : cluster.members()) {
      table.row(
          member.id(),
          member.reachable() ? role(member) : "unreachable",
          member.reachable() ? Long.toString(member.head()) : "",
          member.reachable() ? Long.toString(member.appliedIndex()) : "",
          member.clientAddress(),
          member.peerAddress());
    }
    return "cluster "
        + cluster.clusterId().map(UUID::toString).orElse("(not founded)")
        + ", log "
        + cluster.logIdentity().map(UUID::toString).orElse("(not founded)")
        + "\n"
        + cluster.leaderId().map(leader -> "leader " + leader).orElse("no leader known")
        + ", term "
        + cluster.term()
        + ", as "
        + cluster.nodeId()
        + " sees it\n"
        + table;
  }

  private static String role(Member member) {
    return member.role().name().toLowerCase(Locale.ROOT);
  }

  private static String text(Optional<UUID> id) {
    return id.map(UUID::toString).orElse("");
  }
}
