package io.varve.client.localfirst;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.varve.client.Event;
import io.varve.client.NewEvent;
import io.varve.client.json.EventJson;
import java.io.IOException;
import java.io.OutputStream;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Test code: a gateway that answers as the real one is to, over one {@link FakeLog}, and can be
 * made to misbehave as networks do. The client must not depend on the real one; that is held
 * against this buffer elsewhere.
 */
final class FakeGateway implements AutoCloseable {

  private static final ObjectMapper JSON = new ObjectMapper();

  final FakeLog log;
  final AtomicInteger pushes = new AtomicInteger();
  final AtomicInteger tokens = new AtomicInteger();
  final AtomicInteger streams = new AtomicInteger();
  final AtomicInteger latestReads = new AtomicInteger();
  final AtomicInteger droppedBefore = new AtomicInteger();
  final AtomicInteger droppedAfter = new AtomicInteger();
  final AtomicInteger duplicated = new AtomicInteger();
  final AtomicInteger cuts = new AtomicInteger();
  final List<Integer> runs = new CopyOnWriteArrayList<>();
  final Set<String> refusedSources = ConcurrentHashMap.newKeySet();
  final Set<String> unreadableSources = ConcurrentHashMap.newKeySet();
  final AtomicInteger refusals = new AtomicInteger();
  volatile boolean keys;

  /** Nobody is let in. */
  volatile boolean revoked;

  volatile int maxEventBytes = 1 << 20;
  volatile int maxBodyBytes = 6 << 20;
  volatile int pageSize = 1_000;

  /** So many pushes are looked at; what comes after them finds no cluster. */
  volatile int maxPushes = Integer.MAX_VALUE;

  final AtomicInteger overloads = new AtomicInteger();

  /** How often, in percent, each thing goes wrong. */
  volatile Faults faults = new Faults(0, 0, 0, 0, 0);

  record Faults(int dropBefore, int dropAfter, int duplicate, int delay, int cut) {}

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Random random;
  private final Map<String, String> issued = new ConcurrentHashMap<>();
  private final Set<String> challenges = ConcurrentHashMap.newKeySet();
  private final AtomicInteger streamGeneration = new AtomicInteger();
  private volatile String farewell = "";
  private volatile boolean closed;

  FakeGateway(FakeLog log, long seed) {
    this(log, seed, 0);
  }

  FakeGateway(FakeLog log, long seed, int port) {
    this.log = log;
    this.random = new Random(seed);
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  URI uri() {
    return URI.create("http://127.0.0.1:" + port());
  }

  int port() {
    return server.getAddress().getPort();
  }

  /** Tokens issued so far are no longer good. */
  void revokeTokens() {
    issued.clear();
  }

  /** Every stream ends with a message, or is cut where there is none. */
  void endStreams(String message) {
    farewell = message;
    streamGeneration.incrementAndGet();
    log.wake();
  }

  @Override
  public void close() {
    closed = true;
    log.wake();
    server.stop(0);
    threads.shutdownNow();
  }

  private boolean happens(int percent) {
    synchronized (random) {
      return random.nextInt(100) < percent;
    }
  }

  private int below(int bound) {
    synchronized (random) {
      return random.nextInt(bound);
    }
  }

  private static final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final int status;
    private final transient ObjectNode problem;

    Refusal(int status, String code, String detail) {
      super(code);
      this.status = status;
      this.problem =
          JSON.createObjectNode().put("status", status).put("code", code).put("detail", detail);
    }
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      try {
        route(exchange);
      } catch (Refusal refusal) {
        exchange.getResponseHeaders().set("Content-Type", "application/problem+json");
        send(exchange, refusal.status, refusal.problem.toString());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } catch (RuntimeException | GeneralSecurityException e) {
        send(exchange, 500, "{\"code\":\"INTERNAL\",\"detail\":\"" + e + "\"}");
      }
    }
  }

  private void route(HttpExchange exchange)
      throws IOException, InterruptedException, GeneralSecurityException {
    if (happens(faults.delay())) {
      Thread.sleep(below(20));
    }
    if (happens(faults.dropBefore())) {
      droppedBefore.incrementAndGet();
      return; // The connection closes without an answer.
    }
    byte[] body = exchange.getRequestBody().readAllBytes();
    Map<String, List<String>> query = query(exchange.getRequestURI().getRawQuery());
    String path = exchange.getRequestURI().getPath();
    if (path.equals("/v1/identity")) {
      answer(
          exchange,
          JSON.createObjectNode()
              .put("mode", keys ? "keys" : "open")
              .put("audience", "varve")
              .put("selfRegistration", true)
              .put("tokenLifetimeSeconds", 900));
      return;
    }
    if (path.equals("/v1/identity/challenge")) {
      String challenge = UUID.randomUUID().toString();
      challenges.add(challenge);
      answer(
          exchange, JSON.createObjectNode().put("challenge", challenge).put("audience", "varve"));
      return;
    }
    if (path.equals("/v1/identity/token")) {
      token(exchange, JSON.readTree(body));
      return;
    }
    String caller = caller(exchange);
    if (revoked) {
      refusals.incrementAndGet();
      throw new Refusal(403, "CLIENT_REVOKED", "the client was revoked");
    }
    if (query.containsKey("logIdentity")
        && !query.get("logIdentity").get(0).equals(log.identity().toString())) {
      throw new Refusal(409, "LOG_IDENTITY_MISMATCH", "another log");
    }
    switch (path) {
      case "/v1/push" -> push(exchange, caller, body);
      case "/v1/origin" -> origin(exchange, caller, query);
      case "/v1/head" -> answer(exchange, identified().put("head", log.head()));
      case "/v1/events" -> page(exchange, query);
      case "/v1/latest" -> latest(exchange, query);
      case "/v1/stream" -> stream(exchange, query);
      default -> throw new Refusal(404, "NOT_FOUND", path);
    }
  }

  private ObjectNode identified() {
    return JSON.createObjectNode().put("logIdentity", log.identity().toString());
  }

  // --- identity ---

  private String caller(HttpExchange exchange) {
    if (!keys) {
      return "";
    }
    String header = exchange.getRequestHeaders().getFirst("Authorization");
    String client =
        header == null || !header.startsWith("Bearer ") ? null : issued.get(header.substring(7));
    if (client == null) {
      throw new Refusal(401, "UNAUTHENTICATED", "no token, or one that is not good");
    }
    return client;
  }

  private void token(HttpExchange exchange, JsonNode asked)
      throws IOException, GeneralSecurityException {
    String challenge = asked.get("challenge").textValue();
    if (!challenges.remove(challenge)) {
      throw new Refusal(401, "CHALLENGE_REFUSED", "unknown");
    }
    JsonNode jwk = asked.get("publicKey");
    AlgorithmParameters curve = AlgorithmParameters.getInstance("EC");
    curve.init(new ECGenParameterSpec("secp256r1"));
    PublicKey key =
        KeyFactory.getInstance("EC")
            .generatePublic(
                new ECPublicKeySpec(
                    new ECPoint(coordinate(jwk, "x"), coordinate(jwk, "y")),
                    curve.getParameterSpec(ECParameterSpec.class)));
    Signature check = Signature.getInstance("SHA256withECDSAinP1363Format");
    check.initVerify(key);
    check.update(("varve-identity-v1\nvarve\n" + challenge).getBytes(StandardCharsets.UTF_8));
    if (!check.verify(Base64.getUrlDecoder().decode(asked.get("signature").textValue()))) {
      throw new Refusal(401, "UNAUTHENTICATED", "the signature is not the key's");
    }
    String canonical =
        "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\""
            + jwk.get("x").textValue()
            + "\",\"y\":\""
            + jwk.get("y").textValue()
            + "\"}";
    String clientId =
        Base64.getUrlEncoder()
            .withoutPadding()
            .encodeToString(
                MessageDigest.getInstance("SHA-256")
                    .digest(canonical.getBytes(StandardCharsets.UTF_8)));
    String token = "token-" + tokens.incrementAndGet();
    issued.put(token, clientId);
    answer(exchange, JSON.createObjectNode().put("clientId", clientId).put("token", token));
  }

  private static BigInteger coordinate(JsonNode jwk, String name) {
    byte[] bytes = Base64.getUrlDecoder().decode(jwk.get(name).textValue());
    if (bytes.length != 32) {
      throw new Refusal(400, "INVALID_ARGUMENT", name + " must have 32 bytes");
    }
    return new BigInteger(1, bytes);
  }

  // --- pushing ---

  private void push(HttpExchange exchange, String caller, byte[] body)
      throws IOException, InterruptedException {
    if (pushes.incrementAndGet() > maxPushes) {
      throw new Refusal(503, "UNAVAILABLE", "no cluster");
    }
    if (overloads.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
      Refusal refusal = new Refusal(429, "OVERLOADED", "too much");
      refusal.problem.put("retryAfterMs", 5);
      throw refusal;
    }
    if (body.length > maxBodyBytes) {
      throw new Refusal(413, "PAYLOAD_TOO_LARGE", "body: " + body.length);
    }
    JsonNode push = JSON.readTree(body);
    if (push.has("logIdentity")
        && !push.get("logIdentity").textValue().equals(log.identity().toString())) {
      throw new Refusal(409, "LOG_IDENTITY_MISMATCH", "another log");
    }
    String clientId = push.get("clientId").textValue();
    if (keys && !clientId.equals(caller)) {
      throw new Refusal(403, "PERMISSION_DENIED", "clientId is not the token's");
    }
    List<FakeLog.Element> run = elements(push.get("events"));
    runs.add(run.size());
    String bufferId = push.get("bufferId").textValue();
    FakeLog.Landing landing = log.push(clientId, bufferId, run);
    if (!landing.code().isEmpty()) {
      Refusal refusal = new Refusal(409, landing.code(), "refused");
      refusal.problem.put("expectedSeq", landing.expectedSeq());
      throw refusal;
    }
    if (happens(faults.duplicate())) {
      duplicated.incrementAndGet();
      // The network's copy of the request, late: after what the client sends next, perhaps.
      int late = below(50);
      threads.execute(
          () -> {
            try {
              Thread.sleep(late);
              var unused = log.push(clientId, bufferId, run);
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          });
    }
    if (happens(faults.dropAfter())) {
      droppedAfter.incrementAndGet();
      return;
    }
    ObjectNode answer =
        identified()
            .put("clientId", clientId)
            .put("bufferId", bufferId)
            .put("landedThrough", landing.landedThrough())
            .put("head", log.head());
    landing
        .positions()
        .forEach(
            (number, position) ->
                answer
                    .withArray("positions")
                    .addObject()
                    .put("clientSeq", number)
                    .put("position", position));
    answer(exchange, answer);
  }

  private List<FakeLog.Element> elements(JsonNode events) throws JsonProcessingException {
    List<FakeLog.Element> run = new ArrayList<>();
    long last = 0;
    for (JsonNode element : events) {
      long number = element.get("clientSeq").longValue();
      if (number < 1 || (last != 0 && number != last + 1)) {
        throw new Refusal(400, "INVALID_ARGUMENT", "numbers must be contiguous: " + number);
      }
      last = number;
      if (element.has("void")) {
        run.add(new FakeLog.Element(number, null));
        continue;
      }
      NewEvent event = EventJson.read(JSON.writeValueAsString(element));
      String code = "";
      int status = 0;
      if (event.data().size() > maxEventBytes) {
        status = 413;
        code = "PAYLOAD_TOO_LARGE";
      } else if (refusedSources.contains(event.source())) {
        status = 403;
        code = "PERMISSION_DENIED";
      }
      if (status != 0) {
        Refusal refusal = new Refusal(status, code, "event " + number + " is refused");
        refusal.problem.put("clientSeq", number);
        throw refusal;
      }
      run.add(new FakeLog.Element(number, event));
    }
    return run;
  }

  private void origin(HttpExchange exchange, String caller, Map<String, List<String>> query)
      throws IOException {
    String clientId = keys ? caller : query.get("clientId").get(0);
    String bufferId = query.get("bufferId").get(0);
    answer(
        exchange,
        identified()
            .put("clientId", clientId)
            .put("bufferId", bufferId)
            .put("landedThrough", log.landedThrough(clientId, bufferId))
            .put("head", log.head()));
  }

  // --- pulling ---

  private void requireReadable(String source) {
    if (unreadableSources.contains(source)) {
      throw new Refusal(403, "PERMISSION_DENIED", "source " + source + " may not be read");
    }
  }

  private void page(HttpExchange exchange, Map<String, List<String>> query) throws IOException {
    String source = query.get("source").get(0);
    requireReadable(source);
    long after = Long.parseLong(query.get("after").get(0));
    int limit = Math.min(pageSize, Integer.parseInt(query.get("limit").get(0)));
    ObjectNode answer = identified().put("head", log.head());
    List<Event> events =
        log.events().stream()
            .filter(event -> event.source().equals(source) && event.position() > after)
            .toList();
    boolean more = events.size() > limit;
    List<Event> page = more ? events.subList(0, limit) : events;
    answer.put("more", more);
    answer.put("next", more ? page.get(limit - 1).position() : Math.max(after, log.head()));
    // As text, so that payloads stand as they are.
    answerEvents(exchange, answer, page);
  }

  private void latest(HttpExchange exchange, Map<String, List<String>> query) throws IOException {
    latestReads.incrementAndGet();
    String source = query.get("source").get(0);
    requireReadable(source);
    long asOf = query.containsKey("asOf") ? Long.parseLong(query.get("asOf").get(0)) : log.head();
    String afterKey = query.containsKey("afterKey") ? query.get("afterKey").get(0) : "";
    int limit = Math.min(pageSize, Integer.parseInt(query.get("limit").get(0)));
    TreeMap<String, Event> latest = new TreeMap<>();
    for (Event event : log.events()) {
      if (event.source().equals(source) && event.position() <= asOf && !event.key().isEmpty()) {
        if (event.tombstone()) {
          latest.remove(event.key());
        } else {
          latest.put(event.key(), event);
        }
      }
    }
    List<Event> rest = List.copyOf(latest.tailMap(afterKey, afterKey.isEmpty()).values());
    boolean more = rest.size() > limit;
    List<Event> page = more ? rest.subList(0, limit) : rest;
    ObjectNode answer = identified().put("source", source).put("asOf", asOf).put("more", more);
    if (!page.isEmpty()) {
      answer.put("lastKey", page.get(page.size() - 1).key());
    }
    answerEvents(exchange, answer, page);
  }

  private void stream(HttpExchange exchange, Map<String, List<String>> query)
      throws IOException, InterruptedException {
    Set<String> sources = Set.copyOf(query.get("source"));
    sources.forEach(this::requireReadable);
    streams.incrementAndGet();
    int generation = streamGeneration.get();
    exchange.getResponseHeaders().set("Content-Type", "text/event-stream; charset=utf-8");
    exchange.sendResponseHeaders(200, 0);
    long position = Long.parseLong(query.get("after").get(0));
    UUID identity = log.identity();
    try (OutputStream out = exchange.getResponseBody()) {
      write(out, "retry: 20\n\nevent: hello\ndata: " + identified().put("head", log.head()));
      if (position > log.head()) {
        write(out, "event: reset\ndata: {\"logIdentity\":null,\"reason\":\"above the head\"}");
        return;
      }
      boolean caughtUp = false;
      while (!closed) {
        long changes = log.changes();
        if (generation != streamGeneration.get()) {
          if (!farewell.isEmpty()) {
            write(out, farewell);
          }
          return;
        }
        if (!log.identity().equals(identity)) {
          write(
              out,
              "event: reset\ndata: {\"logIdentity\":\"" + log.identity() + "\",\"reason\":\"r\"}");
          return;
        }
        List<Event> events = log.events();
        for (Event event : events.subList((int) position, events.size())) {
          position = event.position();
          caughtUp = false;
          if (!sources.contains(event.source())) {
            continue;
          }
          if (happens(faults.cut())) {
            cuts.incrementAndGet();
            out.write("id: 1\nda".getBytes(StandardCharsets.UTF_8));
            out.flush();
            return;
          }
          write(out, "id: " + position + "\ndata: " + EventJson.write(event));
        }
        if (!caughtUp) {
          caughtUp = true;
          write(
              out, "event: caught-up\nid: " + position + "\ndata: {\"position\":" + position + "}");
        }
        log.await(changes, 5_000);
        out.write(": heartbeat\n\n".getBytes(StandardCharsets.UTF_8));
        out.flush();
      }
    }
  }

  private static void write(OutputStream out, String message) throws IOException {
    out.write((message + "\n\n").getBytes(StandardCharsets.UTF_8));
    out.flush();
  }

  // --- HTTP ---

  private static void answerEvents(HttpExchange exchange, ObjectNode answer, List<Event> events)
      throws IOException {
    String fields = answer.toString();
    String array = String.join(",", events.stream().map(EventJson::write).toList());
    respond(exchange, fields.substring(0, fields.length() - 1) + ",\"events\":[" + array + "]}");
  }

  private static void answer(HttpExchange exchange, ObjectNode answer) throws IOException {
    respond(exchange, answer.toString());
  }

  private static void respond(HttpExchange exchange, String json) throws IOException {
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    send(exchange, 200, json);
  }

  private static void send(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  private static Map<String, List<String>> query(String raw) {
    Map<String, List<String>> query = new TreeMap<>();
    if (raw != null) {
      for (String pair : raw.split("&", -1)) {
        String[] parts = pair.split("=", 2);
        query
            .computeIfAbsent(parts[0], name -> new ArrayList<>())
            .add(URLDecoder.decode(parts[1], StandardCharsets.UTF_8));
      }
    }
    return query;
  }
}
