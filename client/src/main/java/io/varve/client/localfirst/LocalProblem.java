package io.varve.client.localfirst;

import java.util.Objects;

/**
 * What went wrong.
 *
 * @param code the gateway's code, such as {@code PERMISSION_DENIED}; {@code UNREACHABLE} when no
 *     gateway answers, {@code INVALID_ANSWER} when what answers is not a gateway, {@code STORE}
 *     when the file store fails
 * @param detail for people
 */
public record LocalProblem(String code, String detail) {
  public LocalProblem {
    Objects.requireNonNull(code, "code");
    Objects.requireNonNull(detail, "detail");
  }
}
