/**
 * Tests of whole clusters under faults: processes killed, paused and wiped, replies lost, all of
 * them against three real node processes.
 *
 * <p>The rules here: every test proves that its fault happened (an exit code of 137, a process
 * state of T, a count of swallowed bytes), every history goes through {@link
 * io.varve.faults.HistoryChecker}, whose own tests show it convicting seeded bugs, and nothing
 * waits for time where it could wait for a condition. {@code docs/testing.md} tells what each test
 * shows.
 */
@NullMarked
package io.varve.faults;

import org.jspecify.annotations.NullMarked;
