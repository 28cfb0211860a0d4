package io.varve.gateway.identity;

/**
 * The event sources that are the gateway's own: those whose names begin with {@link #PREFIX}.
 * Nobody appends to them through a gateway, and whoever reads one needs the grant to read every
 * source. {@link Grants} sees to both.
 */
public final class ReservedSources {

  /** What their names begin with. */
  public static final String PREFIX = "_varve/";

  /** Clients and revoked tokens: the newest event of each key is what holds. */
  public static final String IDENTITY = PREFIX + "identity";

  /** One event for each token that was issued. */
  public static final String TOKENS = PREFIX + "tokens";

  private ReservedSources() {}

  /** Whether a source is one of them. */
  public static boolean isReserved(String source) {
    return source.startsWith(PREFIX);
  }

  /** Whether the sources whose names begin with a prefix include one of them. */
  public static boolean isReservedPrefix(String prefix) {
    return prefix.startsWith(PREFIX) || PREFIX.startsWith(prefix);
  }
}
