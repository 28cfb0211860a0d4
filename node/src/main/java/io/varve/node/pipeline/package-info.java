/**
 * The append pipeline: what has queued becomes the next Raft entry.
 *
 * <p>One entry per append would spend a whole replication round and a whole fsync on each. So while
 * a few entries are in flight arriving appends queue, and everything that has queued goes out as
 * the next one. Nothing here knows gRPC or Ratis: an append comes in as a {@link
 * io.varve.node.pipeline.PendingAppend}, an entry goes out through {@link
 * io.varve.node.cluster.Replicator}, and every append is answered exactly once.
 */
@NullMarked
package io.varve.node.pipeline;

import org.jspecify.annotations.NullMarked;
