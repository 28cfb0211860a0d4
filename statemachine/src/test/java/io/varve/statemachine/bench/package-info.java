/**
 * Benchmarks with bars that they must stay under; run by hand, see {@code docs/testing.md}. Their
 * names keep them out of {@code mvn verify}.
 */
@NullMarked
package io.varve.statemachine.bench;

import org.jspecify.annotations.NullMarked;
