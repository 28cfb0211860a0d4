package io.varve.client.commands;

import java.util.Objects;

/**
 * A decision against: returned by {@code handle()}, it appends nothing, and the result is {@link
 * CommandResult.Rejected}. Best implemented by records of a sealed type that {@code handle()}
 * declares:
 *
 * <pre>{@code
 * sealed interface Outcome permits MoneyWithdrawn, NotEnoughMoney {}
 *
 * @EventType("MoneyWithdrawn")
 * record MoneyWithdrawn(BigDecimal amount) implements Outcome {}
 *
 * record NotEnoughMoney(BigDecimal missing) implements Outcome, Rejection {}
 * }</pre>
 *
 * <p>One rejection among events rejects all of them.
 */
public interface Rejection {

  /** A rejection that is nothing but a reason for people. */
  static Rejection because(String reason) {
    return new Because(reason);
  }

  /**
   * A reason for people.
   *
   * @param reason the reason
   */
  record Because(String reason) implements Rejection {
    public Because {
      Objects.requireNonNull(reason, "reason");
    }
  }
}
