package io.varve.gateway.pages;

import java.net.URI;

/**
 * What serves a page in a test: it can go away, and something can come back at the same address.
 */
interface Site extends AutoCloseable {

  /** Where it is: {@code http://localhost:PORT}, which browsers trust as they trust https. */
  URI uri();

  /** Stops listening; returns when nobody is answered any more. */
  void stop();

  /** Listens again, at the same address. */
  void start();

  @Override
  void close();
}
