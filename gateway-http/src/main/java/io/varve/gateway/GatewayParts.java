package io.varve.gateway;

import com.codahale.metrics.MetricRegistry;
import com.linecorp.armeria.server.ServerBuilder;
import io.varve.gateway.cluster.Cluster;
import io.varve.gateway.identity.Authenticator;
import java.util.concurrent.CompletableFuture;

/** What a gateway is made of beside its routes. */
interface GatewayParts extends AutoCloseable {

  /** Finds out who makes a request. */
  Authenticator authenticator();

  /** Adds further services to the server. */
  void addTo(ServerBuilder server);

  /** Hands over those who follow streams; done when all of them were told. */
  CompletableFuture<Void> handOver();

  /** Frees what the parts hold, after the server has stopped. */
  @Override
  void close();

  /** Makes the parts. */
  @FunctionalInterface
  interface Maker {
    /** The parts of a gateway that speaks to a cluster. */
    GatewayParts make(Cluster cluster, MetricRegistry registry);
  }
}
