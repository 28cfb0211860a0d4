package io.varve.statemachine;

/**
 * How large one append, or one filter of a read, may be. The node checks these before an append
 * enters the log; they never change what was already committed.
 *
 * @param payloadBytes the largest payload of one event
 * @param appendBytes the largest append, as encoded in the request
 * @param events the most events in one append
 * @param metadataBytes the largest metadata of one event
 * @param conditions the most conditions in one append
 * @param filterItems the most items in one filter
 * @param types the most event types in one filter item
 * @param tags the most tags on one event, or in one filter item
 * @param nameBytes the longest name (source, label, key, content type, event id), in bytes of UTF-8
 */
public record AppendLimits(
    int payloadBytes,
    int appendBytes,
    int events,
    int metadataBytes,
    int conditions,
    int filterItems,
    int types,
    int tags,
    int nameBytes) {

  private static final int MIB = 1 << 20;
  private static final int KIB = 1 << 10;

  /** The documented defaults. */
  public static AppendLimits defaults() {
    return new AppendLimits(MIB, 4 * MIB, 4_096, 16 * KIB, 64, 16, 64, 32, 512);
  }
}
