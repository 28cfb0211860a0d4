package io.varve.client;

import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/**
 * How connections are encrypted and who is trusted. Files are PEM, read when the client is built.
 *
 * @param trustedCertificates the authorities that are trusted; empty = the JVM's own
 * @param certificateChain this client's certificate, for servers that ask for one
 * @param privateKey this client's private key (PKCS #8); given exactly when the certificate is
 */
public record TlsOptions(
    Optional<Path> trustedCertificates,
    Optional<Path> certificateChain,
    Optional<Path> privateKey) {

  public TlsOptions {
    Objects.requireNonNull(trustedCertificates, "trustedCertificates");
    Objects.requireNonNull(certificateChain, "certificateChain");
    Objects.requireNonNull(privateKey, "privateKey");
    if (certificateChain.isPresent() != privateKey.isPresent()) {
      throw new IllegalArgumentException("a certificate and its private key go together");
    }
  }

  /** Encrypted, trusting the authorities that the JVM trusts. */
  public static TlsOptions systemTrust() {
    return new TlsOptions(Optional.empty(), Optional.empty(), Optional.empty());
  }

  /** Encrypted, trusting only these authorities. */
  public static TlsOptions trusting(Path certificates) {
    return new TlsOptions(Optional.of(certificates), Optional.empty(), Optional.empty());
  }

  /** The same, presenting a client certificate. */
  public TlsOptions withCertificate(Path certificateChain, Path privateKey) {
    return new TlsOptions(
        trustedCertificates, Optional.of(certificateChain), Optional.of(privateKey));
  }
}
