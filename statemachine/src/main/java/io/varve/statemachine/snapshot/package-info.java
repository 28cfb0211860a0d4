/**
 * What a node's store is on disk: the live generation, its replacement by a snapshot, and the
 * directory of snapshots taken and received.
 *
 * <p>Every step here may be cut by a kill. Whatever it leaves behind is either put right or removed
 * when the directory is next opened. Nothing here knows Ratis.
 */
@NullMarked
package io.varve.statemachine.snapshot;

import org.jspecify.annotations.NullMarked;
