package io.varve.gateway;

import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.RequestHeaders;
import io.varve.gateway.identity.Authenticator;
import io.varve.gateway.identity.Caller;
import io.varve.gateway.identity.Grants;
import io.varve.gateway.problem.Problem;
import io.varve.gateway.problem.ProblemCode;
import io.varve.gateway.problem.ProblemException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/** Callers known by the token they bring, as a test says. */
public final class TestCallers implements Authenticator {

  /** The token of somebody in open mode. */
  public static final String OPEN = "open";

  private final Map<String, Caller> callers = new ConcurrentHashMap<>();

  public TestCallers() {
    callers.put(OPEN, new Caller(Optional.empty(), Grants.everything(), Optional.empty()));
  }

  /** Makes a client known by a token that is its id. */
  public TestCallers client(String id, List<String> read, List<String> append) {
    callers.put(id, new Caller(Optional.of(id), new Grants(read, append).of(id), Optional.empty()));
    return this;
  }

  @Override
  public CompletableFuture<Caller> authenticate(RequestHeaders headers) {
    String header = headers.get(HttpHeaderNames.AUTHORIZATION, "");
    Caller caller = callers.get(header.startsWith("Bearer ") ? header.substring(7) : "");
    return caller == null
        ? CompletableFuture.failedFuture(
            new ProblemException(Problem.of(ProblemCode.UNAUTHENTICATED, "no token is known")))
        : CompletableFuture.completedFuture(caller);
  }
}
