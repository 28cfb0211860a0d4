package io.varve.node.security;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import java.util.Optional;

/**
 * The tokens by which gateways are known. A gateway checks who its clients are; whoever could write
 * with any origin past it, or write what gateways keep in the log, could be any client. Immutable.
 */
public final class GatewayTokens {

  /** What the names of the sources begin with that gateways keep in the log for themselves. */
  public static final String RESERVED_SOURCES = "_varve/";

  /** The most there may be: one in use, and those that replace it or that it replaces. */
  public static final int MAX_TOKENS = 16;

  /** The fewest characters of one: what is shorter can be guessed. */
  public static final int MIN_LENGTH = 32;

  /** The most characters of one. */
  public static final int MAX_LENGTH = 512;

  private final List<String> tokens;

  private GatewayTokens(List<String> tokens) {
    this.tokens = List.copyOf(tokens);
  }

  /** No tokens: every caller counts as a gateway. */
  public static GatewayTokens none() {
    return new GatewayTokens(List.of());
  }

  /**
   * Callers with one of these tokens count as gateways, others do not.
   *
   * @param tokens the one the node itself shows other nodes first; none = {@link #none()}
   * @throws IllegalArgumentException if there are more than {@value #MAX_TOKENS}, or one has not
   *     {@value #MIN_LENGTH} to {@value #MAX_LENGTH} characters, all of them printable ASCII and
   *     neither blank nor comma; the message says which, not what it is
   */
  public static GatewayTokens of(List<String> tokens) {
    if (tokens.size() > MAX_TOKENS) {
      throw new IllegalArgumentException(
          "there are " + tokens.size() + " tokens; at most " + MAX_TOKENS + " are allowed");
    }
    for (int i = 0; i < tokens.size(); i++) {
      String token = tokens.get(i);
      if (token.length() < MIN_LENGTH || token.length() > MAX_LENGTH) {
        throw new IllegalArgumentException(
            "token %d has %d characters; a token has %d to %d"
                .formatted(i + 1, token.length(), MIN_LENGTH, MAX_LENGTH));
      }
      if (!token.chars().allMatch(c -> c > ' ' && c < 0x7f && c != ',')) {
        throw new IllegalArgumentException(
            "token " + (i + 1) + " has a character that is blank, a comma, or not printable ASCII");
      }
    }
    return new GatewayTokens(tokens);
  }

  /** Whether only callers with a token count as gateways. */
  public boolean required() {
    return !tokens.isEmpty();
  }

  /** Whether a token is one of them. How long it takes says nothing about how near it came. */
  public boolean include(String token) {
    byte[] shown = token.getBytes(StandardCharsets.UTF_8);
    boolean found = false;
    for (String known : tokens) {
      found |= MessageDigest.isEqual(known.getBytes(StandardCharsets.UTF_8), shown);
    }
    return found;
  }

  /** What this node shows another when it passes on what its own callers sent. */
  public Optional<String> own() {
    return tokens.stream().findFirst();
  }

  /** Says how many there are, and none of them. */
  @Override
  public String toString() {
    return tokens.size() + " gateway tokens";
  }
}
