package io.varve.client.projections;

import java.util.regex.Pattern;

/**
 * One partition of one generation of a projection: what has a checkpoint of its own.
 *
 * @param projection the projection's name: 1 to 100 letters, digits, {@code .}, {@code _} and
 *     {@code -}
 * @param generation which of its generations, from 1
 * @param number which partition, from 0
 */
public record ProjectionPartition(String projection, int generation, int number) {

  /** The longest name of a projection, in characters. */
  public static final int MAX_NAME_LENGTH = 100;

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1," + MAX_NAME_LENGTH + "}");

  public ProjectionPartition {
    requireName(projection);
    requireGeneration(generation);
    if (number < 0 || number >= Projection.MAX_PARTITIONS) {
      throw new IllegalArgumentException(
          "a partition's number is 0 to " + (Projection.MAX_PARTITIONS - 1) + ": " + number);
    }
  }

  static String requireName(String name) {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "a projection's name is 1 to "
              + MAX_NAME_LENGTH
              + " letters, digits, '.', '_' and '-': '"
              + name
              + "'");
    }
    return name;
  }

  static int requireGeneration(int generation) {
    if (generation < 1) {
      throw new IllegalArgumentException("generations count from 1: " + generation);
    }
    return generation;
  }

  @Override
  public String toString() {
    return projection + "/" + generation + "/" + number;
  }
}
