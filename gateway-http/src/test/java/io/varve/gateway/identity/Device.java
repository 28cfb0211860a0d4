package io.varve.gateway.identity;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.Signature;

/** A client with a key pair, as a browser or a device has one. */
public final class Device {
  private final ECKey key;

  public Device() {
    try {
      key = new ECKeyGenerator(Curve.P_256).generate();
    } catch (JOSEException e) {
      throw new AssertionError(e);
    }
  }

  ECKey key() {
    return key;
  }

  public String clientId() {
    try {
      return key.computeThumbprint().toString();
    } catch (JOSEException e) {
      throw new AssertionError(e);
    }
  }

  /** The public key as a browser's Web Crypto exports it. */
  public String jwk() {
    return "{\"crv\":\"P-256\",\"ext\":true,\"key_ops\":[\"verify\"],\"kty\":\"EC\",\"x\":\""
        + key.getX()
        + "\",\"y\":\""
        + key.getY()
        + "\"}";
  }

  public ClientKey clientKey() {
    return ClientKey.parse(jwk());
  }

  /** The answer to a challenge. */
  public String sign(String audience, String challenge) {
    return signText("varve-identity-v1\n" + audience + "\n" + challenge);
  }

  String signText(String text) {
    try {
      Signature signer = Signature.getInstance("SHA256withECDSAinP1363Format");
      signer.initSign(key.toECPrivateKey());
      signer.update(text.getBytes(StandardCharsets.UTF_8));
      return StrictBase64.encode(signer.sign());
    } catch (GeneralSecurityException | JOSEException e) {
      throw new AssertionError(e);
    }
  }
}
