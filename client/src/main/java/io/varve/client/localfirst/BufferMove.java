package io.varve.client.localfirst;

import java.util.Objects;

/**
 * A buffer went on under a new buffer id, because its numbers no longer fit the log: the log has
 * another identity (it was restored or replaced), or it has other events under these numbers (a
 * copied or restored directory), or it misses some. What had not landed got new numbers under the
 * new id; nothing was renumbered under the old one.
 *
 * @param reason the gateway's code for it: {@code LOG_IDENTITY_MISMATCH}, {@code ORIGIN_DIVERGED}
 *     or {@code SEQUENCE_GAP}
 * @param fromBufferId the old buffer id
 * @param toBufferId the new buffer id
 * @param moved how many events go on under the new id
 * @param lost how many events of the old buffer had been acknowledged, are not in this log, and are
 *     no longer held here, so that nobody can send them again from here
 */
public record BufferMove(
    String reason, String fromBufferId, String toBufferId, long moved, long lost) {
  public BufferMove {
    Objects.requireNonNull(reason, "reason");
    Objects.requireNonNull(fromBufferId, "fromBufferId");
    Objects.requireNonNull(toBufferId, "toBufferId");
  }
}
