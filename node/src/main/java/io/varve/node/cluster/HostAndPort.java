package io.varve.node.cluster;

/**
 * An address, HOST:PORT.
 *
 * @param host a name or an address; an IPv6 address without its brackets
 * @param port 1 to 65535; to listen on, also 0 = any free one
 */
public record HostAndPort(String host, int port) {

  /**
   * Reads an address.
   *
   * @throws IllegalArgumentException if it is none
   */
  public static HostAndPort parse(String text) {
    return parse(text, 1);
  }

  /**
   * Reads an address to listen on, whose port may be 0.
   *
   * @throws IllegalArgumentException if it is none
   */
  public static HostAndPort parseListen(String text) {
    return parse(text, 0);
  }

  private static HostAndPort parse(String text, int minPort) {
    int colon = text.lastIndexOf(':');
    if (colon <= 0) {
      throw new IllegalArgumentException("not HOST:PORT: '" + text + "'");
    }
    String host = text.substring(0, colon);
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    }
    try {
      int port = Integer.parseInt(text.substring(colon + 1));
      if (port < minPort || port > 65_535) {
        throw new IllegalArgumentException(
            "the port is not " + minPort + " to 65535: '" + text + "'");
      }
      return new HostAndPort(host, port);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("not HOST:PORT: '" + text + "'", e);
    }
  }

  /** HOST:PORT, an IPv6 address in its brackets. */
  public String text() {
    return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
  }
}
