package io.varve.cli;

import io.varve.client.ChainHash;
import io.varve.client.ClusterDescription;
import io.varve.client.VarveClient;
import io.varve.client.VarveException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code varve verify}: whether all nodes hold the same history. */
@Command(
    name = "verify",
    sortOptions = false,
    description = {
      "Compare the history that the nodes hold, by its chain hash.",
      "Every node is asked for the hash at the newest position that all of them have. Where they"
          + " differ, the first position that does is found."
    },
    footer = {
      "",
      "Ends with 0 if all are equal, 1 if any differs, 4 if a node could not be asked.",
      "",
      "Examples:",
      "  varve verify",
      "  varve verify --nodes localhost:4701,localhost:4702,localhost:4703   # through tunnels"
    })
final class VerifyCommand extends ClientCommand {

  private static final int SHOWN_HASH_CHARACTERS = 16;

  @Option(
      names = "--nodes",
      paramLabel = "HOST:PORT[,…]",
      split = ",",
      description =
          "Compare these, each one node. Default: every member, at its own address as the cluster"
              + " names it.")
  private @Nullable List<String> nodes;

  VerifyCommand(GlobalOptions globals, Console console) {
    super(globals, console);
  }

  /** One node, and what it said. */
  private static final class Node implements AutoCloseable {
    private final String address;
    private final VarveClient client;
    private String id;
    private Optional<ChainHash> head = Optional.empty();
    private Optional<ChainHash> common = Optional.empty();
    private String failure = "";

    Node(String id, String address, VarveClient client) {
      this.id = id;
      this.address = address;
      this.client = client;
    }

    /** The hash at a position, 0 = at its head; empty when it cannot be asked. */
    Optional<ChainHash> ask(long position) {
      try {
        ChainHash hash = client.chainHash(position);
        if (!id.isEmpty() && !id.equals(hash.nodeId())) {
          failure = address + " is answered by " + hash.nodeId();
          return Optional.empty();
        }
        id = hash.nodeId();
        return Optional.of(hash);
      } catch (VarveException e) {
        failure = String.valueOf(e.getMessage());
        return Optional.empty();
      }
    }

    boolean failed() {
      return !failure.isEmpty();
    }

    UUID log() {
      return client.logIdentity().orElseThrow();
    }

    @Override
    public void close() {
      client.close();
    }
  }

  @Override
  ExitCode run(VarveClient client, Output output) {
    List<Node> asked = new ArrayList<>();
    try {
      if (nodes != null) {
        nodes.forEach(address -> asked.add(new Node("", address, only(address))));
      } else {
        for (ClusterDescription.Member member : client.describe().members()) {
          String address = member.clientAddress();
          asked.add(new Node(member.id(), address, only(address)));
        }
      }
      return compare(asked, output);
    } finally {
      asked.forEach(Node::close);
    }
  }

  /** A client that speaks to one node and to no other. */
  private VarveClient only(String address) {
    try {
      return client(address).learnAddresses(false).build();
    } catch (IllegalArgumentException e) {
      throw new UsageException("--nodes: " + e.getMessage());
    }
  }

  private static ExitCode compare(List<Node> asked, Output output) {
    asked.forEach(node -> node.head = node.ask(0));
    List<Node> answering = asked.stream().filter(node -> !node.failed()).toList();
    requireDistinct(answering);
    long position =
        answering.stream().mapToLong(node -> node.head.orElseThrow().position()).min().orElse(0);
    boolean sameLog = answering.stream().map(Node::log).distinct().count() <= 1;
    for (Node node : position == 0 ? List.<Node>of() : answering) {
      node.common = node.head.orElseThrow().position() == position ? node.head : node.ask(position);
    }
    List<Node> compared = answering.stream().filter(node -> !node.failed()).toList();
    boolean equal = compared.stream().map(node -> hash(node.common)).distinct().count() <= 1;
    long firstDifference = equal ? 0 : firstDifference(compared, position);

    String outcome =
        !equal || !sameLog ? "different" : compared.size() == asked.size() ? "equal" : "incomplete";
    output.result(
        out -> {
          out.writeStringField("outcome", outcome);
          out.writeNumberField("position", position);
          if (!equal) {
            out.writeNumberField("equalUpTo", firstDifference - 1);
            out.writeNumberField("firstDifference", firstDifference);
          }
          out.writeArrayFieldStart("nodes");
          for (Node node : asked) {
            out.writeStartObject();
            out.writeStringField("id", node.id);
            out.writeStringField("address", node.address);
            if (node.failed()) {
              out.writeStringField("error", node.failure);
            } else {
              out.writeStringField("logIdentity", node.log().toString());
              out.writeNumberField("head", node.head.orElseThrow().position());
              out.writeStringField("chainHash", hash(node.common));
            }
            out.writeEndObject();
          }
          out.writeEndArray();
        },
        text(asked)
            + "\n"
            + verdict(outcome, position, sameLog, firstDifference, compared.size(), asked.size()));
    return switch (outcome) {
      case "equal" -> ExitCode.DONE;
      case "different" -> ExitCode.REFUSED;
      default -> ExitCode.UNAVAILABLE;
    };
  }

  private static void requireDistinct(List<Node> answering) {
    Set<String> ids = new HashSet<>();
    for (Node node : answering) {
      if (!ids.add(node.id)) {
        throw CommandException.invalid(
            "two of the addresses lead to node " + node.id + ": each must be one node's own",
            "--nodes");
      }
    }
  }

  /**
   * The first position at which not all are equal. From there on no hash can be equal again, since
   * each goes into the next.
   */
  private static long firstDifference(List<Node> compared, long different) {
    long equal = 0;
    long end = different;
    while (end - equal > 1) {
      long middle = equal + (end - equal) / 2;
      Set<String> hashes = new HashSet<>();
      for (Node node : compared) {
        Optional<ChainHash> hash = node.ask(middle);
        if (hash.isEmpty()) {
          throw new CommandException(
              ExitCode.UNAVAILABLE,
              "UNAVAILABLE",
              "the nodes differ somewhere from position "
                  + (equal + 1)
                  + " to "
                  + end
                  + "; node "
                  + node.id
                  + " could not be asked further: "
                  + node.failure,
              "");
        }
        hashes.add(hash(hash));
      }
      if (hashes.size() == 1) {
        equal = middle;
      } else {
        end = middle;
      }
    }
    return end;
  }

  /** In hexadecimal; empty = none, as there is no event that all of them have. */
  private static String hash(Optional<ChainHash> answer) {
    return answer.map(hash -> HexFormat.of().formatHex(hash.hash().toByteArray())).orElse("");
  }

  private static String text(List<Node> asked) {
    TextTable table = new TextTable("NODE", "ADDRESS", "HEAD", "CHAIN HASH");
    for (Node node : asked) {
      table.row(
          node.id,
          node.address,
          node.failed() ? "" : Long.toString(node.head.orElseThrow().position()),
          node.failed() ? "not asked: " + node.failure : shortened(hash(node.common)));
    }
    return table.toString();
  }

  private static String shortened(String hash) {
    return hash.isEmpty() ? hash : hash.substring(0, SHOWN_HASH_CHARACTERS) + "…";
  }

  private static String verdict(
      String outcome, long position, boolean sameLog, long firstDifference, int compared, int all) {
    if (!sameLog) {
      return "DIFFERENT: these nodes hold different logs";
    }
    return switch (outcome) {
      case "equal" -> "equal: all " + all + " nodes hold the same history up to " + position;
      case "different" ->
          "DIFFERENT: equal up to position "
              + (firstDifference - 1)
              + ", first difference at position "
              + firstDifference;
      default ->
          "incomplete: "
              + compared
              + " of "
              + all
              + " nodes could be asked, and they are equal up to "
              + position;
    };
  }
}
