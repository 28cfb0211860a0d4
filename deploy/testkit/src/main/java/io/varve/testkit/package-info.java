/**
 * For the tests of those who use Varve: a whole node in the test's own process.
 *
 * <pre>{@code
 * @VarveTest
 * class AccountsTest {
 *   @Test
 *   void opens(VarveClient client) {
 *     client.append(NewEvent.builder("account-17", "AccountOpened").build());
 *   }
 * }
 * }</pre>
 *
 * <p>{@link io.varve.testkit.VarveTest} is the JUnit extension, {@link
 * io.varve.testkit.EmbeddedVarve} the node without JUnit.
 */
@NullMarked
package io.varve.testkit;

import org.jspecify.annotations.NullMarked;
