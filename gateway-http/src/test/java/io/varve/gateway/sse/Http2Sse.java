package io.varve.gateway.sse;

import com.linecorp.armeria.client.ClientFactory;
import com.linecorp.armeria.client.Endpoint;
import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpObject;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.SessionProtocol;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;

/** A client over HTTP/2 that asks for a piece only when it is read; many share a connection. */
final class Http2Sse implements SseClient {
  private static final Said ENDED = new Said("ended", "", "");

  private final BlockingQueue<Said> heard = new LinkedBlockingQueue<>();
  private final SseParser parser = new SseParser(heard::add);
  private final HttpResponse response;
  private Subscription subscription;

  /**
   * Asks for a stream.
   *
   * @param query with its question mark, or empty
   * @param headers names and values in turn
   */
  Http2Sse(ClientFactory factory, int port, String query, String... headers) {
    WebClient client =
        WebClient.builder(SessionProtocol.H2C, Endpoint.of("127.0.0.1", port))
            .factory(factory)
            .responseTimeoutMillis(0)
            .maxResponseLength(0)
            .build();
    RequestHeadersBuilder request = RequestHeaders.builder(HttpMethod.GET, "/v1/stream" + query);
    for (int i = 0; i < headers.length; i += 2) {
      request.add(headers[i], headers[i + 1]);
    }
    response = client.execute(HttpRequest.of(request.build()));
    response.subscribe(
        new Subscriber<HttpObject>() {
          @Override
          public void onSubscribe(Subscription begun) {
            subscription = begun;
            begun.request(1);
          }

          @Override
          public void onNext(HttpObject object) {
            if (object instanceof ResponseHeaders status && status.status().code() != 200) {
              heard.add(new Said("status", "", status.status().codeAsText()));
            } else if (object instanceof HttpData data) {
              parser.take(data.array(), 0, data.length());
            }
            subscription.request(1);
          }

          @Override
          public void onError(Throwable failure) {
            heard.add(new Said("failed", "", failure.toString()));
            heard.add(ENDED);
          }

          @Override
          public void onComplete() {
            heard.add(ENDED);
          }
        });
  }

  @Override
  public Optional<Said> poll() {
    try {
      Said said = heard.poll(60, TimeUnit.SECONDS);
      if (said == null) {
        throw new AssertionError("nothing was said for a minute");
      }
      if (said.equals(ENDED)) {
        heard.add(ENDED);
        return Optional.empty();
      }
      return Optional.of(said);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    response.abort();
  }
}
