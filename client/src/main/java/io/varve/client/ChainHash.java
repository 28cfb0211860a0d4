package io.varve.client;

import java.util.Objects;

/**
 * The chain hash of one node's own log at a position: equal on every node, and different if
 * anything before it is.
 *
 * @param position the position
 * @param hash 32 bytes
 * @param nodeId the node that answered
 */
public record ChainHash(long position, Bytes hash, String nodeId) {
  public ChainHash {
    Objects.requireNonNull(hash, "hash");
    Objects.requireNonNull(nodeId, "nodeId");
  }
}
