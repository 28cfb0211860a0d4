/**
 * The node's gRPC API: services, deadlines, flow control, and the one place where errors become
 * statuses.
 *
 * <p>Calls of the log run on the transport's own threads: they only pass work on, and never block.
 */
@NullMarked
package io.varve.node.api;

import org.jspecify.annotations.NullMarked;
