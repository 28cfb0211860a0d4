package io.varve.faults;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.varve.client.Event;
import io.varve.client.EventStream;
import io.varve.client.ReadOptions;
import io.varve.client.VarveClient;
import io.varve.client.localfirst.LocalBuffer;
import io.varve.client.localfirst.LocalEvent;
import io.varve.client.localfirst.LocalSource;
import io.varve.faults.LocalFirstChecker.Client;
import io.varve.faults.LocalFirstChecker.Landed;
import io.varve.faults.LocalFirstChecker.Written;
import io.varve.faults.ProcessCluster.Leader;
import io.varve.faults.ProcessCluster.Options;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Local-first clients, half of them Java's and half of them varve-local.js under Node.js, append to
 * one source through networks that lose, duplicate, reorder and cut, are offline now and then, and
 * lose their gateways and the cluster's leader: in the end the log holds each client's events once
 * and in order, and all show the same.
 */
@Tag("faults")
class LocalFirstUnderFaultsTest {
  private static final Duration LIMIT = Duration.ofMinutes(3);
  private static final Duration FAULTS = Duration.ofSeconds(Effort.of(120, 600));
  private static final int JAVA_CLIENTS = 25;
  private static final int NODE_CLIENTS = 25;
  private static final int PROXIES = 10;
  private static final int KEYS = 40;
  private static final int PAUSE_MILLIS = 400;
  private static final String SOURCE = "canvas/shared";
  private static final ObjectMapper JSON = new ObjectMapper();

  @RegisterExtension private final Clusters clusters = new Clusters();
  @TempDir Path directory;

  private final SplittableRandom random =
      new SplittableRandom(Effort.seed("LocalFirstUnderFaultsTest"));
  private final List<NodeProcess> gateways = new ArrayList<>();
  private final List<HostileProxy> proxies = new ArrayList<>();
  private final List<JavaClient> javaClients = new ArrayList<>();

  /** One buffer of Java's, and what was appended to it. */
  private record JavaClient(
      String name,
      LocalBuffer buffer,
      LocalSource<Map<String, LocalEvent>> source,
      List<Written> written,
      SplittableRandom random) {}

  @AfterEach
  void end() {
    javaClients.forEach(client -> client.buffer().close());
    proxies.forEach(HostileProxy::close);
    gateways.forEach(NodeProcess::destroy);
  }

  @Test
  void eachClientsEventsLandOnceAndInOrderAndAllShowTheSame() throws Exception {
    ProcessCluster cluster = clusters.create(Options.plain()).start();
    startGateways(cluster);
    for (int i = 0; i < PROXIES; i++) {
      proxies.add(new HostileProxy(this::someGateway, random.split()));
    }
    for (int i = 0; i < JAVA_CLIENTS; i++) {
      javaClients.add(javaClient(i));
    }
    try (NodeClients nodeClients = new NodeClients(proxies.subList(PROXIES / 2, PROXIES))) {
      AtomicBoolean over = new AtomicBoolean();
      List<Callable<Boolean>> appending = new ArrayList<>();
      javaClients.forEach(client -> appending.add(() -> append(client, over)));
      CompletableFuture<Void> java =
          CompletableFuture.runAsync(() -> allOf(appending), task -> daemon("java-clients", task));
      nodeClients.tell("append " + FAULTS.toMillis() / PAUSE_MILLIS);

      int kills = makeFaults(cluster);
      over.set(true);

      java.get(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
      nodeClients.await("appended");
      proxies.forEach(HostileProxy::behave);
      gateways.stream().filter(gateway -> !gateway.alive()).forEach(NodeProcess::start);
      cluster.awaitReady();
      javaClients.forEach(client -> client.buffer().simulateOffline(false));
      for (JavaClient client : javaClients) {
        client.buffer().landed().get(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
      }
      nodeClients.tell("settle");
      nodeClients.await("settled");

      List<Landed> log = log(cluster);
      List<Client> clients = settled(log, nodeClients);
      report(clients, log, kills);
      assertThat(LocalFirstChecker.check(clients, log)).isEmpty();
      assertEveryFaultHappened();
    }
  }

  // --- clients ---

  private JavaClient javaClient(int number) {
    String name = "java-" + number;
    LocalBuffer buffer =
        LocalBuffer.builder()
            .gateway(URI.create("http://127.0.0.1:" + proxies.get(number % (PROXIES / 2)).port()))
            .directory(directory.resolve(name))
            .open();
    return new JavaClient(name, buffer, buffer.source(SOURCE), new ArrayList<>(), random.split());
  }

  private static boolean append(JavaClient client, AtomicBoolean over) {
    SplittableRandom random = client.random();
    boolean offline = false;
    while (!over.get()) {
      if (random.nextInt(10) == 0) {
        offline = !offline;
        client.buffer().simulateOffline(offline);
      }
      String key = "k" + random.nextInt(KEYS);
      String data =
          "{\"by\":\"" + client.name() + "\",\"n\":" + (client.written().size() + 1) + "}";
      long number =
          client.source().append(client.source().event("Painted").key(key).data(data).build());
      client.written().add(new Written(number, key, data));
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(random.nextInt(2 * PAUSE_MILLIS)));
    }
    return true;
  }

  private static void allOf(List<Callable<Boolean>> callables) {
    try {
      Parallel.all(callables.size(), callables);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** The clients when each shows the newest event of the log. */
  private List<Client> settled(List<Landed> log, NodeClients nodeClients) {
    long head = log.get(log.size() - 1).position();
    Await.until(
        "Java's clients to have pulled position " + head,
        LIMIT,
        () -> javaClients.stream().allMatch(client -> client.source().view().position() >= head),
        () ->
            javaClients.stream()
                .filter(client -> client.source().view().position() < head)
                .map(client -> client.name() + " " + client.buffer().status())
                .toList()
                .toString());
    List<Client> clients = new ArrayList<>();
    for (JavaClient client : javaClients) {
      assertThat(client.buffer().status().rejected()).as(client.name()).isZero();
      Map<String, String> state = new TreeMap<>();
      client.source().state().forEach((key, event) -> state.put(key, event.data().toUtf8()));
      clients.add(
          new Client(
              client.name(),
              client.buffer().clientId(),
              client.buffer().bufferId(),
              client.written(),
              state));
    }
    // Node's clients tell no position: their states are looked at until they are as they must be,
    // and judged as they are when the time is up.
    Map<String, String> newest = new TreeMap<>();
    log.forEach(event -> newest.put(event.key(), event.data()));
    List<List<Client>> looks = new ArrayList<>();
    try {
      Await.until(
          "Node's clients to show the newest",
          LIMIT,
          () -> {
            looks.add(nodeClients.report());
            return last(looks).stream().allMatch(client -> client.state().equals(newest));
          });
    } catch (AssertionError e) {
      System.err.println(e.getMessage());
    }
    clients.addAll(last(looks));
    return clients;
  }

  private static <T> T last(List<T> list) {
    return list.get(list.size() - 1);
  }

  // --- gateways ---

  private void startGateways(ProcessCluster cluster) throws IOException {
    String targets =
        cluster.clientPorts().stream()
            .map(port -> "127.0.0.1:" + port)
            .collect(Collectors.joining(","));
    for (int i = 1; i <= 2; i++) {
      int port = Ports.next();
      Path home = Files.createDirectories(directory.resolve("gateway-" + i));
      Path config =
          Files.writeString(
              home.resolve("gateway.yaml"),
              """
              listen: 127.0.0.1:%d
              targets: %s
              drain: 1s
              identity:
                signingKeys: %s
                createSigningKeys: true
                selfRegistration: true
                read: '*'
                append: '*'
              """
                  .formatted(port, targets, directory.resolve("keys.json")));
      NodeProcess gateway =
          new NodeProcess(
              "gateway-" + i,
              home,
              ProcessCluster.varve(
                  List.of("-Xms64m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
                  "gateway",
                  "--config",
                  config.toString()),
              port,
              0,
              0);
      gateways.add(gateway);
      gateway.start();
      // One after the other: the first makes the keys that both use.
      awaitListening(gateway);
    }
  }

  private static void awaitListening(NodeProcess gateway) {
    Await.until(
        gateway + " to listen",
        LIMIT,
        () -> {
          if (!gateway.alive()) {
            throw new AssertionError(gateway + " has exited\n" + gateway.logTail(80));
          }
          return !Ports.isFree(gateway.clientPort()) && gateway.logHolds("ready http=");
        },
        () -> gateway.logTail(80));
  }

  private int someGateway() {
    synchronized (random) {
      return gateways.get(random.nextInt(gateways.size())).clientPort();
    }
  }

  // --- faults ---

  /** Makes faults for as long as they last, and answers how many processes were killed. */
  private int makeFaults(ProcessCluster cluster) {
    long end = System.nanoTime() + FAULTS.toNanos();
    int kills = 0;
    while (System.nanoTime() < end) {
      HostileProxy proxy = proxies.get(random.nextInt(PROXIES));
      proxy.goOffline();
      pause(1_000 + random.nextInt(3_000));
      proxy.goOnline();
      pause(random.nextInt(1_000));
      if (random.nextInt(3) == 0) {
        Leader old = cluster.awaitLeader(LIMIT);
        old.node().kill();
        kills++;
        cluster.awaitLeaderAfter(old, LIMIT);
        old.node().start();
        cluster.awaitReady();
      } else if (random.nextBoolean()) {
        NodeProcess gateway = gateways.get(random.nextInt(gateways.size()));
        gateway.kill();
        kills++;
        pause(random.nextInt(2_000));
        gateway.start();
        awaitListening(gateway);
      }
    }
    return kills;
  }

  /** How long a fault lasts: a statement about time. */
  private static void pause(int millis) {
    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(millis));
  }

  private void assertEveryFaultHappened() {
    Map<HostileProxy.Fate, Long> fates = new EnumMap<>(HostileProxy.Fate.class);
    for (HostileProxy.Fate fate : HostileProxy.Fate.values()) {
      fates.put(fate, proxies.stream().mapToLong(proxy -> proxy.count(fate)).sum());
    }
    System.out.println("what became of requests: " + fates);
    assertThat(fates.values()).allMatch(count -> count > 0);
    assertThat(gateways).allMatch(gateway -> gateway.starts() >= 1);
    assertThat(gateways.stream().mapToInt(NodeProcess::starts).sum())
        .as("gateways were killed")
        .isGreaterThan(gateways.size());
  }

  private static void report(List<Client> clients, List<Landed> log, int kills) {
    System.out.printf(
        "%d clients, %d events, %d kills of gateways and leaders%n",
        clients.size(), log.size(), kills);
  }

  private static List<Landed> log(ProcessCluster cluster) {
    try (VarveClient client =
        VarveClient.builder()
            .targets(cluster.clientPorts().stream().map(port -> "127.0.0.1:" + port).toList())
            .deadline(LIMIT)
            .build()) {
      List<Landed> log = new ArrayList<>();
      try (EventStream events = client.read(ReadOptions.ofSource(SOURCE))) {
        for (Event event : events) {
          log.add(
              new Landed(
                  event.position(),
                  event.clientId(),
                  event.bufferId(),
                  event.clientSequence(),
                  event.key(),
                  event.data().toUtf8()));
        }
      }
      return log;
    }
  }

  private static Thread daemon(String name, Runnable task) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  /** The clients in one process of Node.js. */
  private final class NodeClients implements AutoCloseable {
    private final Process process;
    private final BufferedWriter commands;
    private final BufferedReader answers;

    NodeClients(List<HostileProxy> through) throws IOException {
      List<String> command = new ArrayList<>();
      command.add("node");
      command.add(
          Path.of("src/test/resources/local-first/clients.mjs").toAbsolutePath().toString());
      command.add(
          Path.of("../gateway-http/src/main/resources/io/varve/gateway/static/varve-local.js")
              .toAbsolutePath()
              .normalize()
              .toString());
      command.add(Integer.toString(NODE_CLIENTS));
      command.add(Long.toString(random.nextInt(1 << 30)));
      command.add(Files.createDirectories(directory.resolve("node")).toString());
      command.add(SOURCE);
      through.forEach(proxy -> command.add("http://127.0.0.1:" + proxy.port()));
      process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
      commands = process.outputWriter();
      answers = process.inputReader();
      await("opened");
    }

    void tell(String command) throws IOException {
      commands.write(command + "\n");
      commands.flush();
    }

    /** Reads answers until one has a field. */
    List<JsonNode> await(String field) {
      List<JsonNode> read = new ArrayList<>();
      try {
        while (true) {
          String line = answers.readLine();
          if (line == null) {
            throw new AssertionError("Node.js has ended; it said " + read);
          }
          JsonNode answer = JSON.readTree(line);
          if (answer.has("error")) {
            throw new AssertionError("Node.js: " + answer.get("error").asText());
          }
          read.add(answer);
          if (answer.has(field)) {
            return read;
          }
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    List<Client> report() {
      try {
        tell("report");
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      List<Client> clients = new ArrayList<>();
      for (JsonNode answer : await("reported")) {
        if (answer.has("reported")) {
          continue;
        }
        assertThat(answer.at("/status/rejected").asInt()).isZero();
        List<Written> written = new ArrayList<>();
        answer
            .get("appended")
            .forEach(
                one ->
                    written.add(
                        new Written(
                            one.get("clientSeq").asLong(),
                            one.get("key").asText(),
                            one.get("data").toString())));
        Map<String, String> state = new TreeMap<>();
        answer
            .get("state")
            .properties()
            .forEach(entry -> state.put(entry.getKey(), entry.getValue().toString()));
        clients.add(
            new Client(
                "node-" + clients.size(),
                answer.get("clientId").asText(),
                answer.get("bufferId").asText(),
                written,
                state));
      }
      return clients;
    }

    @Override
    public void close() {
      process.destroyForcibly();
    }
  }
}
