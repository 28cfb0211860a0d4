package io.varve.gateway.identity;

import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.RequestHeaders;
import io.varve.gateway.problem.Problem;
import io.varve.gateway.problem.ProblemCode;
import io.varve.gateway.problem.ProblemException;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The token in a request's headers. */
final class Credentials {

  /** The cookie that holds a token. */
  static final String COOKIE = "varve_token";

  /** RFC 6750, section 2.1. */
  private static final Pattern BEARER = Pattern.compile("(?i:bearer) +([A-Za-z0-9._~+/-]+=*)");

  private Credentials() {}

  /**
   * The token: of the header {@code Authorization}, or, in requests that change nothing, of the
   * cookie, which browsers also send along when another site makes them.
   *
   * @return empty if there is neither
   * @throws ProblemException of 400 if there are several that differ, of 401 if the header holds no
   *     bearer token
   */
  static Optional<String> token(RequestHeaders headers) {
    Optional<String> bearer = bearer(headers);
    Optional<String> cookie = changesNothing(headers.method()) ? cookie(headers) : Optional.empty();
    if (bearer.isPresent() && cookie.isPresent() && !bearer.equals(cookie)) {
      throw new ProblemException(
          Problem.invalid(
              "Authorization",
              "the Authorization header and the cookie '"
                  + COOKIE
                  + "' hold different tokens: send one of them"));
    }
    return bearer.or(() -> cookie);
  }

  /** What is said to a request without a token. */
  static ProblemException missing(RequestHeaders headers) {
    boolean onlyCookie =
        !changesNothing(headers.method()) && headers.contains(HttpHeaderNames.COOKIE);
    return new ProblemException(
        Problem.of(
            ProblemCode.UNAUTHENTICATED,
            "send 'Authorization: Bearer TOKEN'"
                + (onlyCookie ? ": the cookie is taken with GET and HEAD only" : ""),
            "Authorization"));
  }

  private static boolean changesNothing(HttpMethod method) {
    return method == HttpMethod.GET || method == HttpMethod.HEAD;
  }

  private static Optional<String> bearer(RequestHeaders headers) {
    List<String> values = headers.getAll(HttpHeaderNames.AUTHORIZATION);
    if (values.isEmpty()) {
      return Optional.empty();
    }
    if (values.size() > 1) {
      throw new ProblemException(
          Problem.invalid("Authorization", "there must be one Authorization header at most"));
    }
    Matcher matcher = BEARER.matcher(values.get(0));
    if (!matcher.matches()) {
      throw new ProblemException(
          Problem.of(
              ProblemCode.UNAUTHENTICATED,
              "the Authorization header must be 'Bearer TOKEN'",
              "Authorization"));
    }
    return Optional.of(matcher.group(1));
  }

  private static Optional<String> cookie(RequestHeaders headers) {
    TreeSet<String> tokens = new TreeSet<>();
    for (String header : headers.getAll(HttpHeaderNames.COOKIE)) {
      for (String pair : header.split(";", -1)) {
        int equals = pair.indexOf('=');
        if (equals > 0 && pair.substring(0, equals).strip().equals(COOKIE)) {
          tokens.add(pair.substring(equals + 1).strip());
        }
      }
    }
    tokens.remove(""); // A cookie that was cleared.
    if (tokens.size() > 1) {
      throw new ProblemException(
          Problem.invalid("Cookie", "there are several cookies '" + COOKIE + "' that differ"));
    }
    return tokens.stream().findFirst();
  }
}
