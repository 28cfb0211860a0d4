/**
 * How an append gets to the leader, from any node, and its answer back, in order.
 *
 * <p>Each caller's stream (or single append) is an {@link io.varve.node.routing.AppendSession}: it
 * hands its appends to the local pipeline, or forwards them to the node that leads, or keeps them
 * inside their deadlines while no leader is known. A forwarded append is never forwarded again.
 */
@NullMarked
package io.varve.node.routing;

import org.jspecify.annotations.NullMarked;
