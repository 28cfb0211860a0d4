package io.varve.client;

/**
 * What must hold for an append to land, decided inside the replicated state machine against exactly
 * the state just before the append's own events.
 */
public sealed interface Condition permits ExpectedVersion, ConcurrencyScope {}
