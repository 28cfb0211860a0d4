/** Tests of the append pipeline, without a Raft group. */
@NullMarked
package io.varve.node.pipeline;

import org.jspecify.annotations.NullMarked;
