package io.varve.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class FreePortsTest {
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

  @Test
  void manyAreGivenEachOnceAndFree() throws IOException {
    Set<Integer> given = new HashSet<>();
    for (int i = 0; i < 500; i++) {
      int port = FreePorts.next();
      assertThat(port).isBetween(12_001, 31_999);
      assertThat(given.add(port)).as("a port given twice: %s", port).isTrue();
      try (ServerSocket socket = new ServerSocket(port, 1, LOOPBACK)) {
        assertThat(socket.isBound()).isTrue();
      }
    }
  }

  @Test
  void onesThatAreTakenArePassedOver() throws IOException {
    int port = FreePorts.next();
    if (port % 100 == 99) {
      port = FreePorts.next(); // not the last of a block
    }
    try (ServerSocket next = new ServerSocket(port + 1, 1, LOOPBACK)) {
      assertThat(FreePorts.next()).isNotIn(port, next.getLocalPort());
    }
  }
}
