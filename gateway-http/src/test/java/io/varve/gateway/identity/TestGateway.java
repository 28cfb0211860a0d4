package io.varve.gateway.identity;

import com.fasterxml.jackson.databind.JsonNode;
import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import com.linecorp.armeria.server.Server;
import io.varve.client.VarveClient;
import io.varve.gateway.cluster.Cluster;
import io.varve.gateway.problem.Problems;
import java.time.Clock;
import java.time.Duration;
import java.util.function.Supplier;

/**
 * An HTTP server with the routes of identity, and one more, {@code /who}, that answers with the id
 * of the client that asks.
 */
final class TestGateway implements AutoCloseable {
  private final Cluster cluster;
  private final IdentityService identity;
  private final Server server;
  private final WebClient http;

  TestGateway(Supplier<VarveClient> clients, IdentityOptions options, Clock clock) {
    cluster = new Cluster(clients);
    identity = new IdentityService(cluster, options, clock);
    server =
        Server.builder()
            .http(0)
            .requestTimeout(Duration.ofMinutes(2))
            .service(identity)
            .service(
                "/who",
                (context, request) ->
                    HttpResponse.of(
                        identity
                            .authenticate(request.headers())
                            .thenApply(
                                caller -> HttpResponse.of(caller.clientId().orElse("(anybody)")))
                            .exceptionally(failure -> Problems.of(failure).toResponse())))
            .build();
    server.start().join();
    http =
        WebClient.builder("http://127.0.0.1:" + server.activeLocalPort())
            .responseTimeout(Duration.ofMinutes(2))
            .build();
  }

  IdentityService identity() {
    return identity;
  }

  Answer send(HttpMethod method, String path, String body, String... headers) {
    RequestHeadersBuilder builder = RequestHeaders.builder(method, path);
    if (!body.isEmpty()) {
      builder.contentType(MediaType.JSON);
    }
    for (int i = 0; i < headers.length; i += 2) {
      if (headers[i].equals("content-type")) {
        builder.set(headers[i], headers[i + 1]);
      } else {
        builder.add(headers[i], headers[i + 1]);
      }
    }
    return new Answer(http.execute(builder.build(), HttpData.ofUtf8(body)).aggregate().join());
  }

  Answer get(String path, String... headers) {
    return send(HttpMethod.GET, path, "", headers);
  }

  Answer who(String token) {
    return get("/who", "authorization", "Bearer " + token);
  }

  String challenge(Device device) {
    return send(HttpMethod.POST, "/v1/identity/challenge", "{\"publicKey\":" + device.jwk() + "}")
        .ok()
        .get("challenge")
        .textValue();
  }

  Answer exchange(Device device, String challenge) {
    return exchange(device.jwk(), challenge, device.sign("varve", challenge));
  }

  Answer exchange(String jwk, String challenge, String signature) {
    return send(
        HttpMethod.POST,
        "/v1/identity/token",
        "{\"publicKey\":"
            + jwk
            + ",\"challenge\":\""
            + challenge
            + "\",\"signature\":\""
            + signature
            + "\"}");
  }

  /** A token for a client. */
  String token(Device device) {
    return exchange(device, challenge(device)).ok().get("token").textValue();
  }

  @Override
  public void close() {
    server.stop().join();
    identity.close();
    cluster.close();
  }

  /** A response. */
  record Answer(AggregatedHttpResponse response) {

    int status() {
      return response.status().code();
    }

    JsonNode json() {
      return StrictJson.parse(response.contentUtf8());
    }

    /** The body of a response that must be 200. */
    JsonNode ok() {
      if (status() != 200) {
        throw new AssertionError(this);
      }
      return json();
    }

    /** Status and code, as in {@code 401 UNAUTHENTICATED}. */
    String problem() {
      if (status() < 400) {
        throw new AssertionError(this);
      }
      return status() + " " + json().get("code").textValue();
    }

    String field() {
      return json().path("field").asText();
    }

    String detail() {
      return json().path("detail").asText();
    }

    String setCookie() {
      return response.headers().get(HttpHeaderNames.SET_COOKIE, "");
    }

    @Override
    public String toString() {
      return status() + " " + response.contentUtf8();
    }
  }
}
