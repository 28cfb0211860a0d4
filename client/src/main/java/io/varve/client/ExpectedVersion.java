package io.varve.client;

import java.util.Objects;

/**
 * A source's version must be as stated. The source need not be one that the append writes to.
 *
 * @param source the source
 * @param expected what must hold of its version
 */
public record ExpectedVersion(String source, Expected expected) implements Condition {

  public ExpectedVersion {
    Objects.requireNonNull(source, "source");
    Objects.requireNonNull(expected, "expected");
  }

  /**
   * The source has exactly this version; 0 = it does not exist.
   *
   * @throws IllegalArgumentException if the version is negative
   */
  public static ExpectedVersion exactly(String source, long version) {
    return new ExpectedVersion(source, new Exactly(version));
  }

  /** The source has at least one event. */
  public static ExpectedVersion exists(String source) {
    return new ExpectedVersion(source, Existence.MUST_EXIST);
  }

  /** The source has no event. */
  public static ExpectedVersion notExists(String source) {
    return new ExpectedVersion(source, Existence.MUST_NOT_EXIST);
  }

  /** What must hold of a source's version. */
  public sealed interface Expected permits Exactly, Existence {}

  /**
   * Exactly this version.
   *
   * @param version the version; 0 = the source does not exist
   */
  public record Exactly(long version) implements Expected {
    public Exactly {
      if (version < 0) {
        throw new IllegalArgumentException("a version is never negative: " + version);
      }
    }
  }

  /** Whether the source exists, whatever its version. */
  public enum Existence implements Expected {
    /** It has at least one event. */
    MUST_EXIST,
    /** It has no event. */
    MUST_NOT_EXIST
  }
}
