package io.varve.client.internal;

/**
 * Where a node is reached.
 *
 * @param host a name or an address, an IPv6 one in brackets
 * @param port the port, 1 to 65,535
 */
record Address(String host, int port) {

  /**
   * From {@code HOST:PORT}.
   *
   * @throws IllegalArgumentException if it is anything else
   */
  static Address parse(String text) {
    int colon = text.lastIndexOf(':');
    String host = colon < 0 ? "" : text.substring(0, colon);
    boolean bracketed = host.startsWith("[") && host.endsWith("]");
    if (host.isEmpty() || (host.indexOf(':') >= 0 && !bracketed)) {
      throw new IllegalArgumentException("a target is HOST:PORT, not '" + text + "'");
    }
    try {
      int port = Integer.parseInt(text.substring(colon + 1));
      if (port >= 1 && port <= 65_535) {
        return new Address(host, port);
      }
    } catch (NumberFormatException notANumber) {
      // Answered below.
    }
    throw new IllegalArgumentException("a target's port is 1 to 65535: '" + text + "'");
  }

  @Override
  public String toString() {
    return host + ":" + port;
  }
}
