/**
 * Reading: how fresh an answer is, finite reads, and subscriptions that catch up and then follow
 * the tail.
 *
 * <p>A few worker threads serve every stream. A stream sends while its caller takes, and otherwise
 * holds no thread and no events, only its place. Nothing here knows gRPC: a stream writes to a
 * {@link io.varve.node.read.MessageSink}.
 */
@NullMarked
package io.varve.node.read;

import org.jspecify.annotations.NullMarked;
