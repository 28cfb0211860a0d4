/**
 * The Java client of Varve: appends, reads, subscriptions.
 *
 * <p>Everything starts with {@link io.varve.client.VarveClient#builder()}. One client serves a
 * whole process; it is thread-safe.
 *
 * <pre>{@code
 * try (VarveClient client = VarveClient.builder().target("localhost:9101,localhost:9102").build()) {
 *   AppendResult result =
 *       client.append(
 *           NewEvent.builder("account-17", "MoneyDeposited").data("{\"amount\":100}").build(),
 *           ExpectedVersion.exactly("account-17", 0));
 *   if (result instanceof AppendResult.Conflict conflict) {
 *     // somebody else was there first: conflict.failed() says what was expected and what was found
 *   }
 *   try (EventStream events = client.read(ReadOptions.ofSource("account-17"))) {
 *     for (Event event : events) {
 *       // ...
 *     }
 *   }
 * }
 * }</pre>
 *
 * <p>Values are records, outcomes are sealed, failures are unchecked {@link
 * io.varve.client.VarveException}s, and no method takes or returns null. What lies in {@code
 * io.varve.client.internal} is no part of the interface and changes without notice.
 */
@NullMarked
package io.varve.client;

import org.jspecify.annotations.NullMarked;
