package io.varve.gateway.identity;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.crypto.impl.ECDSA;
import com.nimbusds.jose.crypto.utils.ECChecks;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import io.varve.client.json.Json;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECFieldFp;
import java.util.Iterator;
import java.util.Objects;
import java.util.Set;

/**
 * A client's public key, a point of the curve P-256, and the id that follows from it: the key's
 * SHA-256 thumbprint as RFC 7638 defines it, in base64url. Immutable.
 */
public final class ClientKey {

  /** How long a client's id is: 256 bits in base64url. */
  public static final int ID_CHARACTERS = 43;

  /** How long a signature is, {@code r} and {@code s} one after the other. */
  public static final int SIGNATURE_BYTES = 64;

  private static final int COORDINATE_BYTES = 32;
  private static final BigInteger FIELD_PRIME =
      ((ECFieldFp) Curve.P_256.toECParameterSpec().getCurve().getField()).getP();

  /** What RFC 7517 and browsers' Web Crypto put beside a public key. */
  private static final Set<String> KNOWN =
      Set.of("kty", "crv", "x", "y", "kid", "use", "alg", "key_ops", "ext");

  /** What only a private or a symmetric key has. */
  private static final Set<String> PRIVATE =
      Set.of("d", "k", "p", "q", "dp", "dq", "qi", "oth", "r", "t");

  private final ECKey jwk;
  private final ECPublicKey key;
  private final String clientId;

  private ClientKey(ECKey jwk) {
    this.jwk = jwk;
    try {
      this.key = jwk.toECPublicKey();
      this.clientId = jwk.computeThumbprint().toString();
    } catch (JOSEException e) {
      throw new IdentityFormatException("", "the key is not one: " + e.getMessage());
    }
  }

  /**
   * A key in the text of a JSON Web Key.
   *
   * @throws IdentityFormatException if the text is anything but a public P-256 key
   */
  public static ClientKey parse(String jwk) {
    return of(StrictJson.parse(jwk));
  }

  /**
   * A key by its JSON Web Key: {@code kty} {@code EC}, {@code crv} {@code P-256}, {@code x} and
   * {@code y} in base64url.
   *
   * @throws IdentityFormatException if it is anything else, is not a point of the curve, or has a
   *     private part
   */
  static ClientKey of(JsonNode jwk) {
    if (!jwk.isObject()) {
      throw new IdentityFormatException("", "a key is a JSON object: a JSON Web Key");
    }
    for (Iterator<String> names = jwk.fieldNames(); names.hasNext(); ) {
      String name = names.next();
      if (PRIVATE.contains(name)) {
        throw new IdentityFormatException(
            name, "'" + name + "' belongs to a private key, which must never leave its owner");
      }
      if (!KNOWN.contains(name)) {
        throw new IdentityFormatException(name, "a public key has no member '" + name + "'");
      }
    }
    require(jwk, "kty", "EC");
    require(jwk, "crv", "P-256");
    permit(jwk, "use", "sig");
    permit(jwk, "alg", "ES256");
    return point(coordinate(jwk, "x"), coordinate(jwk, "y"));
  }

  /** The client's id: {@value #ID_CHARACTERS} characters. */
  public String clientId() {
    return clientId;
  }

  ECPublicKey publicKey() {
    return key;
  }

  /** The key as a JSON Web Key with just {@code crv}, {@code kty}, {@code x} and {@code y}. */
  public String toJwk() {
    return Json.object(this::write);
  }

  /**
   * Whether a signature (ES256: SHA-256; {@code r} and {@code s} one after the other) over a text's
   * UTF-8 was made with this key's private half.
   */
  boolean verifies(String text, byte[] signature) {
    try {
      // Zeros, and numbers beyond the curve's order, are refused here whatever the JDK does.
      ECDSA.ensureLegalSignature(signature, JWSAlgorithm.ES256);
      Signature verifier = Signature.getInstance("SHA256withECDSAinP1363Format");
      verifier.initVerify(key);
      verifier.update(text.getBytes(StandardCharsets.UTF_8));
      return verifier.verify(signature);
    } catch (JOSEException | GeneralSecurityException e) {
      return false;
    }
  }

  void write(JsonGenerator out) throws IOException {
    out.writeStringField("crv", "P-256");
    out.writeStringField("kty", "EC");
    out.writeStringField("x", jwk.getX().toString());
    out.writeStringField("y", jwk.getY().toString());
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ClientKey that && clientId.equals(that.clientId);
  }

  @Override
  public int hashCode() {
    return Objects.hash(clientId);
  }

  /** The client's id. */
  @Override
  public String toString() {
    return clientId;
  }

  private static ClientKey point(BigInteger x, BigInteger y) {
    if (!ECChecks.isPointOnCurve(x, y, Curve.P_256.toECParameterSpec())) {
      throw new IdentityFormatException("x", "'x' and 'y' are no point of the curve P-256");
    }
    return new ClientKey(
        new ECKey.Builder(
                Curve.P_256, ECKey.encodeCoordinate(256, x), ECKey.encodeCoordinate(256, y))
            .build());
  }

  private static BigInteger coordinate(JsonNode jwk, String name) {
    String text = string(jwk, name);
    byte[] bytes;
    try {
      bytes = StrictBase64.decode(text);
    } catch (IllegalArgumentException e) {
      throw new IdentityFormatException(name, "'" + name + "' " + e.getMessage());
    }
    if (bytes.length != COORDINATE_BYTES) {
      throw new IdentityFormatException(
          name, "'" + name + "' must be " + COORDINATE_BYTES + " bytes: " + bytes.length);
    }
    BigInteger value = new BigInteger(1, bytes);
    if (value.compareTo(FIELD_PRIME) >= 0) {
      throw new IdentityFormatException(name, "'" + name + "' is no coordinate of the curve P-256");
    }
    return value;
  }

  private static void require(JsonNode jwk, String name, String value) {
    if (!string(jwk, name).equals(value)) {
      throw new IdentityFormatException(name, "'" + name + "' must be '" + value + "'");
    }
  }

  private static void permit(JsonNode jwk, String name, String value) {
    if (jwk.has(name)) {
      require(jwk, name, value);
    }
  }

  private static String string(JsonNode jwk, String name) {
    JsonNode value = jwk.path(name);
    if (!value.isTextual()) {
      throw new IdentityFormatException(name, "'" + name + "' must be there, and a string");
    }
    return value.textValue();
  }
}
