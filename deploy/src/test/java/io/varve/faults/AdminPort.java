package io.varve.faults;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** What a node tells on its admin port. */
final class AdminPort {
  private AdminPort() {}

  /** Whether the node says that it is ready: it knows a leader and has caught up. */
  static boolean ready(NodeProcess node, Duration limit) {
    return get(node, "/ready", limit).isPresent();
  }

  /**
   * Its metrics, each sample by its name with labels; empty when it does not answer within the
   * limit.
   */
  static Optional<Map<String, Double>> metrics(NodeProcess node, Duration limit) {
    return get(node, "/metrics", limit).map(AdminPort::samples);
  }

  private static Map<String, Double> samples(String exposition) {
    Map<String, Double> samples = new LinkedHashMap<>();
    exposition
        .lines()
        .filter(line -> !line.isEmpty() && !line.startsWith("#"))
        .forEach(
            line -> {
              int end = line.lastIndexOf(' ');
              try {
                samples.put(line.substring(0, end), Double.parseDouble(line.substring(end + 1)));
              } catch (NumberFormatException e) {
                // +Inf, as Prometheus writes it: of no use here.
              }
            });
    return samples;
  }

  private static Optional<String> get(NodeProcess node, String path, Duration limit) {
    try {
      HttpURLConnection connection =
          (HttpURLConnection)
              URI.create("http://127.0.0.1:" + node.adminPort() + path).toURL().openConnection();
      connection.setConnectTimeout((int) limit.toMillis());
      connection.setReadTimeout((int) limit.toMillis());
      try {
        return connection.getResponseCode() == HttpURLConnection.HTTP_OK
            ? Optional.of(
                new String(connection.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
            : Optional.empty();
      } finally {
        connection.disconnect();
      }
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
