package io.varve.deployment;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.Event;
import io.varve.client.EventStream;
import io.varve.client.ReadConsistency;
import io.varve.client.ReadOptions;
import io.varve.client.VarveClient;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * A cluster of three containers of the image: it forms, loses its leader's container under load,
 * keeps what it acknowledged, and takes the container back.
 */
class ContainerClusterIT {
  private static final Duration LIMIT = Duration.ofMinutes(3);
  private static final int WRITERS = 8;
  private static final int BEFORE = 500;
  private static final int AFTER = 500;

  @BeforeAll
  static void buildImage() throws Exception {
    Engine.require();
    Engine.buildImage();
  }

  @AfterAll
  static void removeImage() throws Exception {
    if (org.testcontainers.DockerClientFactory.instance().isDockerAvailable()) {
      Engine.removeImage();
    }
  }

  @Test
  void acknowledgedEventsSurviveTheLossOfTheLeadersContainer() throws Exception {
    try (ContainerCluster cluster = new ContainerCluster()) {
      try {
        cluster.start();
        isNotRoot(cluster);
        losesItsLeader(cluster);
      } catch (Exception | Error e) {
        System.err.println(cluster.logs());
        throw e;
      }
    }
  }

  private static void isNotRoot(ContainerCluster cluster) throws Exception {
    assertThat(cluster.execute(0, "id", "-u")).isEqualTo("10001\n");
    assertThat(
            cluster.execute(
                0, "varve", "head", "--target", "node-2:4520", "--deadline", "60", "--json"))
        .startsWith("{\"head\":0,");
  }

  private static void losesItsLeader(ContainerCluster cluster) throws Exception {
    int lost;
    Map<Long, String> acknowledged;
    try (VarveClient client = cluster.client(0, 1, 2);
        Writers writers = new Writers(client, WRITERS)) {
      Eventually.holds("appends before", LIMIT, () -> writers.reached(BEFORE));
      lost = ContainerCluster.leader(client);

      cluster.kill(lost);

      int soFar = writers.acknowledged().size();
      Eventually.holds("appends after", LIMIT, () -> writers.reached(soFar + AFTER));
      writers.stop();
      acknowledged = Map.copyOf(writers.acknowledged());
      assertThat(ContainerCluster.leader(client)).isNotEqualTo(lost);
    }

    int left = (lost + 1) % ContainerCluster.SIZE;
    int other = (lost + 2) % ContainerCluster.SIZE;
    long head;
    try (VarveClient client = cluster.client(left, other)) {
      Map<Long, String> stored = read(client, ReadOptions.wholeLog());
      assertThat(stored).isEqualTo(acknowledged);
      head = stored.size();
      assertThat(stored.keySet()).isEqualTo(positions(head));

      cluster.startAgain(lost);
      Eventually.holds(
          "the lost node is back with everything",
          LIMIT,
          () -> ContainerCluster.whole(client.describe(), head));
    }
    try (VarveClient client = cluster.client(lost)) {
      ReadOptions local = ReadOptions.builder().consistency(ReadConsistency.local()).build();
      assertThat(read(client, local)).isEqualTo(acknowledged);
    }
    assertThat(cluster.stop(left)).as("a node stops cleanly when its container does").isZero();
  }

  private static java.util.Set<Long> positions(long head) {
    return IntStream.rangeClosed(1, (int) head)
        .mapToObj(Long::valueOf)
        .collect(java.util.stream.Collectors.toSet());
  }

  /** Event ids by position. */
  private static Map<Long, String> read(VarveClient client, ReadOptions options) {
    Map<Long, String> stored = new HashMap<>();
    try (EventStream events = client.read(options)) {
      for (Event event : events) {
        stored.put(event.position(), event.id());
      }
    }
    return stored;
  }
}
