package io.varve.node.pipeline;

import java.security.SecureRandom;
import java.util.Arrays;
import java.util.function.Supplier;

/**
 * Unpredictable 16-byte seeds, drawn from the system in larger portions: the call costs, not the
 * bytes. Thread-safe.
 */
final class SaltSeeds implements Supplier<byte[]> {

  private static final int SEED_BYTES = 16;
  private static final int SEEDS_PER_PORTION = 64;

  private final SecureRandom random;
  private final byte[] portion = new byte[SEED_BYTES * SEEDS_PER_PORTION];
  private int used = portion.length;

  SaltSeeds(SecureRandom random) {
    this.random = random;
  }

  @Override
  public synchronized byte[] get() {
    if (used == portion.length) {
      random.nextBytes(portion);
      used = 0;
    }
    byte[] seed = Arrays.copyOfRange(portion, used, used + SEED_BYTES);
    used += SEED_BYTES;
    return seed;
  }
}
