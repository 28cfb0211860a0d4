package io.varve.client.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.client.LogIdentityMismatchException;
import io.varve.client.RetryPolicy;
import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The small parts. */
class PartsTest {

  @ParameterizedTest
  @CsvSource({"localhost:9101,localhost,9101", "10.0.0.1:1,10.0.0.1,1", "[::1]:65535,[::1],65535"})
  void parsesAddresses(String text, String host, int port) {
    assertThat(Address.parse(text)).isEqualTo(new Address(host, port)).hasToString(text);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "host", ":1", "host:", "host:0", "host:65536", "host:x", "::1:80"})
  void refusesWhatIsNoAddress(String text) {
    assertThatThrownBy(() -> Address.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void backsOffExponentiallyWithJitterUpToABound() {
    RetryPolicy policy =
        new RetryPolicy(Duration.ofMillis(10), Duration.ofMillis(100), 2, Integer.MAX_VALUE);
    long[] bounds = {10, 20, 40, 80, 100, 100, 100};
    Set<Long> seen = new HashSet<>();
    for (int run = 0; run < 200; run++) {
      Backoff backoff = new Backoff(policy);
      for (long bound : bounds) {
        long wait = backoff.nextNanos(0);
        seen.add(wait);
        assertThat(wait).isBetween(0L, Duration.ofMillis(bound).toNanos());
      }
      assertThat(backoff.nextNanos(1_000_000_000L)).isGreaterThanOrEqualTo(1_000_000_000L);
      for (int i = 0; i < 1000; i++) {
        assertThat(backoff.nextNanos(0)).isBetween(0L, Duration.ofMillis(100).toNanos());
      }
    }
    assertThat(seen).hasSizeGreaterThan(1000);
  }

  @Test
  void drawsRandomUuids() {
    UuidSource source = new UuidSource();
    Set<UUID> drawn = new HashSet<>();
    for (int i = 0; i < 10_000; i++) {
      UUID uuid = source.next();
      assertThat(uuid.version()).isEqualTo(4);
      assertThat(uuid.variant()).isEqualTo(2);
      drawn.add(uuid);
    }
    assertThat(drawn).hasSize(10_000);
    UUID uuid = UUID.fromString("00112233-4455-6677-8899-aabbccddeeff");
    assertThat(Uuids.toBytes(uuid).byteAt(0)).isZero();
    assertThat(Uuids.toBytes(uuid).byteAt(15)).isEqualTo((byte) 0xff);
    assertThat(Uuids.fromBytes(Uuids.toBytes(uuid))).contains(uuid);
  }

  @Test
  void keepsTheFirstIdentityAndTheNewestHead() {
    LogState log = new LogState("", Optional.empty());
    UUID first = new UUID(1, 1);
    assertThat(log.knownHead()).isEqualTo(LogState.UNKNOWN);

    log.learn(Uuids.toBytes(first), 5);
    log.learn(Uuids.toBytes(first), 3);
    assertThat(log.knownHead()).isEqualTo(5);
    assertThatThrownBy(() -> log.learn(Uuids.toBytes(new UUID(2, 2)), 9))
        .isInstanceOf(LogIdentityMismatchException.class)
        .hasMessageContaining(first.toString());
    assertThat(log.knownHead()).isEqualTo(5);

    log.forget();
    log.learn(Uuids.toBytes(new UUID(2, 2)), 1);
    assertThat(log.knownHead()).isEqualTo(1);
  }
}
