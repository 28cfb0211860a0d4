package io.varve.cli.demo;

import java.util.SplittableRandom;

/**
 * Chance by seed: the same seed gives the same sequence on every machine and JDK (no platform
 * mathematics, no library distributions). Not thread-safe.
 */
final class Chance {
  private final SplittableRandom bits;

  Chance(long seed) {
    this.bits = new SplittableRandom(seed);
  }

  /** Uniform in [0, 1). */
  double uniform() {
    return (bits.nextLong() >>> 11) * 0x1.0p-53;
  }

  /** Uniform in [0, bound). */
  int below(int bound) {
    return (int) (uniform() * bound);
  }

  /** True with the given probability. */
  boolean happens(double probability) {
    return uniform() < probability;
  }

  /** Exponential with the given mean. */
  double exponential(double mean) {
    return -mean * StrictMath.log(1 - uniform());
  }

  /** Log-normal: half of the draws are below the median; sigma is the spread of the logarithm. */
  double logNormal(double median, double sigma) {
    // Box and Muller.
    double radius = StrictMath.sqrt(-2 * StrictMath.log(1 - uniform()));
    return median * StrictMath.exp(sigma * radius * StrictMath.cos(2 * StrictMath.PI * uniform()));
  }

  /** Poisson with a small mean. */
  int poisson(double mean) {
    double limit = StrictMath.exp(-mean);
    double product = uniform();
    int count = 0;
    while (product > limit) {
      product *= uniform();
      count++;
    }
    return count;
  }

  /** Ranks 0 … size−1, where rank r is drawn with a probability proportional to 1 ∕ (r+1)^s. */
  static final class Zipf {
    private final double[] cumulative;

    Zipf(int size, double exponent) {
      cumulative = new double[size];
      double sum = 0;
      for (int rank = 0; rank < size; rank++) {
        sum += 1 / StrictMath.pow(rank + 1, exponent);
        cumulative[rank] = sum;
      }
    }

    int draw(Chance chance) {
      double point = chance.uniform() * cumulative[cumulative.length - 1];
      int low = 0;
      int high = cumulative.length - 1;
      while (low < high) {
        int middle = (low + high) >>> 1;
        if (cumulative[middle] > point) {
          high = middle;
        } else {
          low = middle + 1;
        }
      }
      return low;
    }
  }
}
