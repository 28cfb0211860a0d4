package io.varve.cli.load;

/**
 * What a load measured.
 *
 * @param operationsPerSecond operations that succeeded, a second
 * @param eventsPerSecond their events, a second
 * @param p50Micros half of the operations took no longer
 * @param p99Micros of a hundred operations, 99 took no longer
 * @param p999Micros of a thousand operations, 999 took no longer
 * @param maxMicros no operation took longer
 * @param errors operations that failed
 * @param conflicts appends whose condition did not hold
 */
public record Measurement(
    double operationsPerSecond,
    double eventsPerSecond,
    long p50Micros,
    long p99Micros,
    long p999Micros,
    long maxMicros,
    long errors,
    long conflicts) {}
