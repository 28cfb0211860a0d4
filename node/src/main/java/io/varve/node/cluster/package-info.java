/**
 * The node's part in its cluster: the Raft group, founding and joining, leadership, read indexes.
 * The only room of the node that knows Ratis.
 */
@NullMarked
package io.varve.node.cluster;

import org.jspecify.annotations.NullMarked;
