package io.varve.cli.load;

/**
 * What a load on a gateway measured.
 *
 * @param pushes runs that were pushed, and their events
 * @param deliveriesPerSecond events that arrived at followers, a second
 * @param deliveryP50Micros half of the deliveries took no longer
 * @param deliveryP99Micros of a hundred deliveries, 99 took no longer
 */
public record GatewayMeasurement(
    Measurement pushes,
    double deliveriesPerSecond,
    long deliveryP50Micros,
    long deliveryP99Micros) {}
