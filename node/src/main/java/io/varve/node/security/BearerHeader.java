package io.varve.node.security;

import io.grpc.ClientInterceptor;
import io.grpc.Metadata;
import io.grpc.stub.MetadataUtils;
import java.util.Optional;

/** The header {@code authorization: Bearer TOKEN} of a call. */
public final class BearerHeader {

  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  private static final String SCHEME = "Bearer ";

  private BearerHeader() {}

  /** The token that a call shows, if it shows one. The scheme's case does not matter. */
  public static Optional<String> token(Metadata headers) {
    return Optional.ofNullable(headers.get(AUTHORIZATION))
        .filter(shown -> shown.regionMatches(true, 0, SCHEME, 0, SCHEME.length()))
        .map(shown -> shown.substring(SCHEME.length()).strip());
  }

  /** Shows a token with every call. */
  public static ClientInterceptor showing(String token) {
    Metadata headers = new Metadata();
    headers.put(AUTHORIZATION, SCHEME + token);
    return MetadataUtils.newAttachHeadersInterceptor(headers);
  }
}
