package io.varve.gateway.identity;

/** When the cookie that holds a token is marked {@code Secure}: sent over TLS only. */
public enum SecureCookie {
  /** When the request came over TLS. */
  OVER_TLS,
  /**
   * When the request came over TLS, or a proxy says that it did: its header {@code
   * X-Forwarded-Proto} begins with {@code https}. For gateways that only a proxy can reach.
   */
  OVER_TLS_OR_FORWARDED,
  /** Always. */
  ALWAYS
}
