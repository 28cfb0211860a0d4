package io.varve.node.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.ByteString;
import io.varve.proto.replicated.v1.Founding;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Who this node is: the cluster it belongs to and what its disk entitles it to. Kept in one small
 * file that is replaced atomically and made durable before anything is done on its strength.
 *
 * @param nodeId the node's id
 * @param clusterId the cluster, also the Raft group
 * @param stage how far this node has come
 * @param voters the founding voters; empty on a node that joined later
 * @param founding the log's founding command; only on founding voters
 */
record NodeIdentity(
    String nodeId, UUID clusterId, Stage stage, List<String> voters, Optional<Founding> founding) {

  /** What a node may do. */
  enum Stage {
    /**
     * It belongs to a founding and has never taken part in Raft: an empty Raft directory is as it
     * should be.
     */
    FOUNDING,
    /** It votes. A missing Raft directory is a lost disk. */
    VOTER,
    /** The cluster has forgotten whatever this id was before; the Raft directory may be empty. */
    JOINING,
    /** It catches up and does not vote. A missing Raft directory is a lost disk. */
    LISTENER
  }

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int FORMAT = 1;

  NodeIdentity {
    voters = List.copyOf(voters);
  }

  NodeIdentity at(Stage next) {
    return new NodeIdentity(nodeId, clusterId, next, voters, founding);
  }

  ByteString clusterIdBytes() {
    return bytes(clusterId);
  }

  static ByteString bytes(UUID id) {
    ByteBuffer buffer = ByteBuffer.allocate(16);
    buffer.putLong(id.getMostSignificantBits()).putLong(id.getLeastSignificantBits()).flip();
    return ByteString.copyFrom(buffer);
  }

  static UUID uuid(ByteString bytes) {
    if (bytes.size() != 16) {
      throw new IllegalArgumentException("an id has 16 bytes, not " + bytes.size());
    }
    ByteBuffer buffer = bytes.asReadOnlyByteBuffer();
    return new UUID(buffer.getLong(), buffer.getLong());
  }

  /**
   * Reads the file; empty when there is none.
   *
   * @throws IllegalStateException if it is not what this version writes
   */
  static Optional<NodeIdentity> load(Path file) {
    String text;
    try {
      text = Files.readString(file, StandardCharsets.UTF_8);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    try {
      JsonNode json = JSON.readTree(text);
      if (json.path("format").asInt() != FORMAT) {
        throw new IllegalStateException(
            file + " has format " + json.path("format") + "; this version knows " + FORMAT);
      }
      List<String> voters = new ArrayList<>();
      json.required("voters").forEach(voter -> voters.add(voter.asText()));
      Optional<Founding> founding = Optional.empty();
      JsonNode settings = json.path("founding");
      if (settings.isObject()) {
        founding =
            Optional.of(
                Founding.newBuilder()
                    .setLogIdentity(
                        ByteString.copyFrom(
                            HexFormat.of().parseHex(settings.required("logIdentity").asText())))
                    .setLog(settings.required("log").asText())
                    .setDedupWindow(settings.required("dedupWindow").asLong())
                    .setScopeStepLimit(settings.required("scopeStepLimit").asLong())
                    .build());
      }
      return Optional.of(
          new NodeIdentity(
              json.required("nodeId").asText(),
              UUID.fromString(json.required("clusterId").asText()),
              Stage.valueOf(json.required("stage").asText()),
              voters,
              founding));
    } catch (IOException | IllegalArgumentException e) {
      throw new IllegalStateException(file + " is damaged: " + e.getMessage(), e);
    }
  }

  /** Replaces the file, durably. */
  void store(Path file) {
    ObjectNode json = JSON.createObjectNode();
    json.put("format", FORMAT);
    json.put("nodeId", nodeId);
    json.put("clusterId", clusterId.toString());
    json.put("stage", stage.name());
    ArrayNode ids = json.putArray("voters");
    voters.forEach(ids::add);
    founding.ifPresent(
        settings ->
            json.putObject("founding")
                .put(
                    "logIdentity",
                    HexFormat.of().formatHex(settings.getLogIdentity().toByteArray()))
                .put("log", settings.getLog())
                .put("dedupWindow", settings.getDedupWindow())
                .put("scopeStepLimit", settings.getScopeStepLimit()));
    Path temporary = file.resolveSibling(file.getFileName() + ".new");
    try {
      try (FileChannel channel =
          FileChannel.open(
              temporary,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.WRITE)) {
        ByteBuffer bytes =
            ByteBuffer.wrap((json.toPrettyString() + "\n").getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
        channel.force(true);
      }
      Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
      Path directory = file.toAbsolutePath().getParent();
      if (directory != null) {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
          channel.force(true);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
