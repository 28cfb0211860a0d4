package io.varve.node.routing;

import io.grpc.Metadata;

/** The header that marks forwarded calls. */
public final class Forwarding {

  /**
   * On an AppendStream that a node opened to forward its callers' appends: that node's id. An
   * append that comes with it is not forwarded again.
   */
  public static final Metadata.Key<String> FORWARDED =
      Metadata.Key.of("varve-forwarded-by", Metadata.ASCII_STRING_MARSHALLER);

  private Forwarding() {}
}
