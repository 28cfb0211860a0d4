package io.varve.statemachine;

import io.varve.proto.v1.Append;
import io.varve.proto.v1.Filter;
import java.util.Optional;

/**
 * Checks appends and filters against {@link AppendLimits}, before they enter the log. Immutable.
 */
public final class AppendValidator {

  private final AppendLimits limits;

  public AppendValidator(AppendLimits limits) {
    this.limits = limits;
  }

  /** The limits this validator checks against. */
  public AppendLimits limits() {
    return limits;
  }

  /**
   * Why an append must be refused, if it must: always INVALID_ARGUMENT, with the first field at
   * fault, such as {@code append.events[3].tags[0]}.
   */
  public Optional<Outcome.Refused> check(Append append) {
    return Optional.empty(); // The checks land with the core.
  }

  /**
   * Why the filter of a read must be refused, if it must: always INVALID_ARGUMENT, with the first
   * field at fault, such as {@code filter.any_of[0].types[2]} when {@code path} is {@code filter}.
   *
   * @param path the filter's own path in the request
   */
  public Optional<Outcome.Refused> check(Filter filter, String path) {
    return Optional.empty(); // The checks land with the core.
  }
}
