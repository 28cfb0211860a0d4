package io.varve.node.routing;

/**
 * The node that leads.
 *
 * @param id its node id
 * @param address where clients and peers reach its API, HOST:PORT
 */
public record Leader(String id, String address) {}
