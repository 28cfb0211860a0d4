package io.varve.gateway;

import com.linecorp.armeria.common.FlagsProvider;
import org.jspecify.annotations.Nullable;

/**
 * Settings that Armeria takes for a whole process, through {@link java.util.ServiceLoader}; public
 * for that reason only.
 */
public final class ServerFlags implements FlagsProvider {

  /** Below system properties, which so keep the last word; above Armeria's defaults. */
  private static final int PRIORITY = 10;

  /** For the service loader. */
  public ServerFlags() {}

  @Override
  public int priority() {
    return PRIORITY;
  }

  /**
   * Names of sources stand in the query and are names, not paths: {@code a/../b} is one like any
   * other, and must not be refused for looking like a path.
   */
  @Override
  public @Nullable Boolean allowDoubleDotsInQueryString() {
    return true;
  }

  /**
   * Who asked for the connection to be closed gets to close it first, for this long; a refusal
   * still reaches a client that is sending its body.
   */
  @Override
  public Long defaultHttp1ConnectionCloseDelayMillis() {
    return 1_000L;
  }
}
