package io.varve.client.projections;

import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;

/** Which partition a source belongs to: the same everywhere and for ever. */
final class Partitioner {

  private Partitioner() {}

  static int partition(String source, int partitions) {
    if (partitions == 1) {
      return 0;
    }
    CRC32 hash = new CRC32();
    hash.update(source.getBytes(StandardCharsets.UTF_8));
    return (int) (hash.getValue() % partitions);
  }
}
