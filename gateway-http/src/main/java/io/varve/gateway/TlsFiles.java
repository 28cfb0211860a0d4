package io.varve.gateway;

import java.nio.file.Path;
import java.util.Objects;

/**
 * The certificate that the gateway shows to its clients.
 *
 * @param certificateChain a PEM file: the gateway's certificate first
 * @param privateKey a PEM file: its private key, PKCS #8, without a password
 */
public record TlsFiles(Path certificateChain, Path privateKey) {
  public TlsFiles {
    Objects.requireNonNull(certificateChain, "certificateChain");
    Objects.requireNonNull(privateKey, "privateKey");
  }
}
