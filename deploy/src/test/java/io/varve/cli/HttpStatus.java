package io.varve.cli;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;

/** What a server answers to a GET, for tests that wait for it. */
final class HttpStatus {
  private HttpStatus() {}

  /** The status; 0 = nobody answers. */
  static int of(String url) {
    try {
      HttpURLConnection connection = (HttpURLConnection) URI.create(url).toURL().openConnection();
      return connection.getResponseCode();
    } catch (IOException e) {
      return 0;
    }
  }
}
