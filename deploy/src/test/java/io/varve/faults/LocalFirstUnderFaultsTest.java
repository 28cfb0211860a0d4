package io.varve.faults;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.varve.client.Event;
import io.varve.client.EventStream;
import io.varve.client.ReadOptions;
import io.varve.client.RetryPolicy;
import io.varve.client.VarveClient;
import io.varve.faults.LocalFirstChecker.Client;
import io.varve.faults.LocalFirstChecker.Landed;
import io.varve.faults.LocalFirstChecker.Written;
import io.varve.faults.ProcessCluster.Leader;
import io.varve.faults.ProcessCluster.Options;
import io.varve.testkit.FreePorts;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Local-first clients, half of them Java's and half of them varve-local.js under Node.js, append to
 * one source through networks that lose, duplicate, reorder and cut, are offline now and then, and
 * lose their gateways and the cluster's leader: in the end the log holds each client's events once
 * and in order, all show the same, and none has shown anything again that had been replaced.
 */
@Tag("faults")
class LocalFirstUnderFaultsTest {
  private static final Duration LIMIT = Duration.ofMinutes(3);
  private static final Duration FAULTS = Duration.ofSeconds(Effort.of(120, 600));

  /** How long before the end the last process is killed: the network stays hostile to the end. */
  private static final Duration LAST_FAULT = Duration.ofSeconds(10);

  private static final int JAVA_CLIENTS = 25;
  private static final int NODE_CLIENTS = 25;
  private static final int PROXIES = 10;
  private static final int KEYS = 40;
  private static final int PAUSE_MILLIS = 400;
  // Clients give up, and gateways say that they are there, soon enough to matter within the test.
  private static final int REQUEST_MILLIS = 5_000;
  private static final int SILENCE_MILLIS = 4_000;
  private static final RetryPolicy RETRY =
      new RetryPolicy(Duration.ofMillis(250), Duration.ofSeconds(5), 2.0, Integer.MAX_VALUE);
  private static final String SOURCE = "canvas/shared";
  private static final boolean NODE_REQUIRED = Boolean.getBoolean("varve.node.required");
  private static final ObjectMapper JSON = new ObjectMapper();

  @RegisterExtension private final Clusters clusters = new Clusters();
  @TempDir Path directory;

  private final SplittableRandom random =
      new SplittableRandom(Effort.seed("LocalFirstUnderFaultsTest"));
  private final SplittableRandom routes = random.split(); // guarded by itself
  private final List<NodeProcess> gateways = new ArrayList<>();
  private final List<HostileProxy> proxies = new ArrayList<>();
  private final List<JavaLocalClient> javaClients = new ArrayList<>();

  /** What was done to processes. */
  private enum Fault {
    LEADER_KILLED,
    GATEWAY_KILLED,
    GATEWAY_STOPPED,
    CLIENTS_OFFLINE
  }

  @AfterEach
  void end() {
    javaClients.forEach(JavaLocalClient::close);
    proxies.forEach(HostileProxy::close);
    gateways.forEach(NodeProcess::destroy);
  }

  @Test
  void eachClientsEventsLandOnceAndInOrderAndAllShowTheSame() throws Exception {
    needsNode();
    long begun = System.nanoTime();
    ProcessCluster cluster = clusters.create(Options.plain());
    cluster.nodes().forEach(NodeProcess::start);
    startGateways(cluster);
    for (int i = 0; i < PROXIES; i++) {
      proxies.add(new HostileProxy(this::someGateway, random.split()));
    }
    try (NodeClients nodeClients = new NodeClients(proxies.subList(PROXIES / 2, PROXIES))) {
      for (int i = 0; i < JAVA_CLIENTS; i++) {
        javaClients.add(javaClient(i));
      }
      nodeClients.await("opened");
      AtomicBoolean over = new AtomicBoolean();
      List<Callable<Integer>> appending = new ArrayList<>();
      javaClients.forEach(client -> appending.add(() -> client.append(over)));
      CompletableFuture<Integer> java =
          CompletableFuture.supplyAsync(
              () -> sumOf(appending), task -> daemon("java-clients", task));
      nodeClients.tell("append " + PAUSE_MILLIS);
      Duration starting = since(begun);

      Map<Fault, Integer> faults = makeFaults(cluster);

      over.set(true);
      int opened = java.get(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
      nodeClients.tell("stop");
      opened += last(nodeClients.await("appended")).get("opened").asInt();
      proxies.forEach(HostileProxy::behave);
      cluster.awaitReady();
      gateways.forEach(LocalFirstUnderFaultsTest::awaitListening);
      long ended = System.nanoTime();
      List<Landed> log = settle(cluster, nodeClients);
      List<Client> clients = new ArrayList<>();
      javaClients.forEach(client -> clients.add(client.report()));
      clients.addAll(nodeClients.report());
      report(clients, log, faults, opened, starting, since(ended));
      assertThat(LocalFirstChecker.check(clients, log)).isEmpty();
    } catch (Throwable e) {
      gateways.forEach(gateway -> System.err.println(gateway + "\n" + gateway.logTail(60)));
      throw e;
    }
  }

  private static void needsNode() throws InterruptedException {
    String seen;
    try {
      Process node = new ProcessBuilder("node", "--version").redirectErrorStream(true).start();
      seen = node.waitFor() == 0 ? "" : "node --version exits with " + node.exitValue();
    } catch (IOException e) {
      seen = e.toString();
    }
    if (NODE_REQUIRED) {
      assertThat(seen).as("node --version (varve.node.required)").isEmpty();
    }
    Assumptions.assumeTrue(
        seen.isEmpty(),
        "SKIPPED: no local-first client is tried, as half of them need Node.js: " + seen);
  }

  // --- clients ---

  private JavaLocalClient javaClient(int number) {
    String name = "java-" + number;
    return new JavaLocalClient(
        name,
        URI.create("http://127.0.0.1:" + proxies.get(number % (PROXIES / 2)).port()),
        directory.resolve(name),
        new JavaLocalClient.Settings(
            SOURCE,
            KEYS,
            PAUSE_MILLIS,
            Duration.ofMillis(REQUEST_MILLIS),
            Duration.ofMillis(SILENCE_MILLIS),
            RETRY),
        random.split());
  }

  private static Duration since(long nanoTime) {
    return Duration.ofNanos(System.nanoTime() - nanoTime);
  }

  private static int sumOf(List<Callable<Integer>> callables) {
    try {
      return Parallel.all(callables.size(), callables).stream().mapToInt(i -> i).sum();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** Waits until everything has landed and all show it; answers the log. */
  private List<Landed> settle(ProcessCluster cluster, NodeClients nodeClients) throws Exception {
    for (CompletableFuture<Void> landed :
        javaClients.stream().map(JavaLocalClient::finish).toList()) {
      landed.get(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
    }
    // All of Java's are in the log by now; of Node's only when they say so.
    nodeClients.tell("settle 0");
    nodeClients.await("settled");
    List<Landed> log = log(cluster);
    long head = log.get(log.size() - 1).position();
    nodeClients.tell("settle " + head);
    Await.until(
        "Java's clients to be online and to show position " + head,
        LIMIT,
        () -> javaClients.stream().allMatch(client -> client.isSettled(head)),
        () -> javaClients.stream().filter(client -> !client.isSettled(head)).toList().toString());
    nodeClients.await("settled");
    return log;
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
    Path keys = directory.resolve("keys.json");
    for (int i = 1; i <= 2; i++) {
      int port = FreePorts.next();
      Path home = Files.createDirectories(directory.resolve("gateway-" + i));
      Path config =
          Files.writeString(
              home.resolve("gateway.yaml"),
              """
              listen: 127.0.0.1:%d
              targets: %s
              drain: 1s
              streams:
                heartbeat: 1s
              identity:
                tokenLifetime: 30s
                signingKeys: %s
                createSigningKeys: true
                selfRegistration: true
                read: '*'
                append: '*'
              """
                  .formatted(port, targets, keys));
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
      // The first makes the keys that both use.
      Await.until(keys + " to be made", LIMIT, () -> Files.exists(keys), () -> gateway.logTail(80));
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
          // Not found out at its port: to try whether that is taken is to take it.
          return gateway.logHoldsSinceStart("ready http=");
        },
        () -> gateway.logTail(80));
  }

  private int someGateway() {
    synchronized (routes) {
      return gateways.get(routes.nextInt(gateways.size())).clientPort();
    }
  }

  // --- faults ---

  /** Makes faults for as long as they last, and answers what was done how often. */
  private Map<Fault, Integer> makeFaults(ProcessCluster cluster) {
    long end = System.nanoTime() + FAULTS.toNanos();
    Map<Fault, Integer> faults = new EnumMap<>(Fault.class);
    // Each once at least, whatever chance says; then as it says.
    Iterator<Fault> first = List.of(Fault.values()).iterator();
    while (end - System.nanoTime() > LAST_FAULT.toNanos() || first.hasNext()) {
      Fault fault =
          first.hasNext() ? first.next() : Fault.values()[random.nextInt(Fault.values().length)];
      make(fault, cluster);
      faults.merge(fault, 1, Integer::sum);
    }
    pause((int) Duration.ofNanos(Math.max(0, end - System.nanoTime())).toMillis());
    return faults;
  }

  private void make(Fault fault, ProcessCluster cluster) {
    switch (fault) {
      case LEADER_KILLED -> {
        cluster.awaitReady();
        Leader old = cluster.awaitLeader(LIMIT);
        old.node().kill();
        cluster.awaitLeaderAfter(old, LIMIT);
        old.node().start();
      }
      case GATEWAY_KILLED, GATEWAY_STOPPED -> {
        gateways.forEach(LocalFirstUnderFaultsTest::awaitListening);
        NodeProcess gateway = gateways.get(random.nextInt(gateways.size()));
        if (fault == Fault.GATEWAY_KILLED) {
          gateway.kill();
        } else {
          gateway.terminate();
        }
        pause(random.nextInt(2_000));
        gateway.start();
      }
      case CLIENTS_OFFLINE -> {
        List<HostileProxy> offline =
            Stream.generate(() -> proxies.get(random.nextInt(PROXIES))).limit(PROXIES / 2).toList();
        offline.forEach(HostileProxy::goOffline);
        pause(1_000 + random.nextInt(3_000));
        offline.forEach(HostileProxy::goOnline);
      }
    }
  }

  /** How long a fault lasts: a statement about time. */
  private static void pause(int millis) {
    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(millis));
  }

  /** Prints what there was, and asserts that it was enough to prove something. */
  private void report(
      List<Client> clients,
      List<Landed> log,
      Map<Fault, Integer> faults,
      int opened,
      Duration starting,
      Duration settling) {
    Map<HostileProxy.Fate, Long> fates = new EnumMap<>(HostileProxy.Fate.class);
    for (HostileProxy.Fate fate : HostileProxy.Fate.values()) {
      fates.put(fate, proxies.stream().mapToLong(proxy -> proxy.count(fate)).sum());
    }
    System.out.printf(
        "%d clients, opened %d times, %d events, started within %d ms, settled within %d ms; %s; requests: %s%n",
        clients.size(),
        opened,
        log.size(),
        starting.toMillis(),
        settling.toMillis(),
        faults,
        fates);
    assertThat(faults).containsOnlyKeys(Fault.values());
    assertThat(fates.values()).allMatch(count -> count > 0);
    assertThat(clients).allMatch(client -> !client.written().isEmpty());
    assertThat(opened).as("clients were opened again").isGreaterThan(clients.size());
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
    private final BlockingQueue<String> answers = new LinkedBlockingQueue<>();

    /** Starts it; it is to say that it has opened them. */
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
      command.add(Integer.toString(KEYS));
      command.add(
          "{\"requestTimeoutMs\":%d,\"watchdogMs\":%d,\"backoffMinMs\":%d,\"backoffMaxMs\":%d}"
              .formatted(
                  REQUEST_MILLIS,
                  SILENCE_MILLIS,
                  RETRY.initialBackoff().toMillis(),
                  RETRY.maxBackoff().toMillis()));
      through.forEach(proxy -> command.add("http://127.0.0.1:" + proxy.port()));
      process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
      commands = process.outputWriter();
      daemon("node-answers", this::read);
    }

    void tell(String command) throws IOException {
      commands.write(command + "\n");
      commands.flush();
    }

    private void read() {
      try (BufferedReader lines = process.inputReader()) {
        String line;
        while ((line = lines.readLine()) != null) {
          answers.add(line);
        }
      } catch (IOException e) {
        answers.add("{\"error\":\"the pipe broke\"}");
      }
      answers.add("{\"error\":\"the process has ended\"}");
    }

    /** Takes answers until one has a field. */
    List<JsonNode> await(String field) throws IOException, InterruptedException {
      List<JsonNode> read = new ArrayList<>();
      while (true) {
        String line = answers.poll(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
        if (line == null) {
          tell("look");
          throw new AssertionError(
              "Node.js has not said '%s' for %s; it is at %s"
                  .formatted(field, LIMIT, answers.poll(10, TimeUnit.SECONDS)));
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
    }

    List<Client> report() throws IOException, InterruptedException {
      tell("report");
      List<Client> clients = new ArrayList<>();
      for (JsonNode answer : await("reported")) {
        if (answer.has("reported")) {
          continue;
        }
        String name = "node-" + clients.size();
        assertThat(answer.at("/status/rejected").asInt()).as(name).isZero();
        assertThat(answer.get("changes").asLong()).as(name).isPositive();
        List<Written> written = new ArrayList<>();
        for (JsonNode one : answer.get("appended")) {
          written.add(
              new Written(
                  one.get("clientSeq").asLong(),
                  one.get("key").asText(),
                  one.get("data").asText()));
        }
        Map<String, String> state = new TreeMap<>();
        for (Map.Entry<String, JsonNode> entry : answer.get("state").properties()) {
          state.put(entry.getKey(), entry.getValue().asText());
        }
        List<String> cameBack = new ArrayList<>();
        answer.get("cameBack").forEach(one -> cameBack.add(one.asText()));
        clients.add(
            new Client(
                name,
                answer.get("clientId").asText(),
                answer.get("bufferId").asText(),
                written,
                state,
                cameBack));
      }
      return clients;
    }

    @Override
    public void close() {
      // It writes to the test's directory until it is gone.
      process.destroyForcibly().onExit().join();
    }
  }
}
