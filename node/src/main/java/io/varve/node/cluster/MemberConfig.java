package io.varve.node.cluster;

/**
 * One configured member.
 *
 * @param id its node id, 1 to 64 characters of {@code [A-Za-z0-9._-]}, unique in the cluster
 * @param peerAddress where peers reach its Raft server, HOST:PORT
 * @param clientAddress where clients and peers reach its gRPC API, HOST:PORT
 */
public record MemberConfig(String id, String peerAddress, String clientAddress) {}
