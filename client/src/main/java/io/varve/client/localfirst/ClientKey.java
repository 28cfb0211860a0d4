package io.varve.client.localfirst;

import com.fasterxml.jackson.core.JsonGenerator;
import io.varve.client.json.Json;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.List;

/**
 * Who a client is: a P-256 key pair. Its client id is the key's thumbprint (RFC 7638, SHA-256,
 * base64url); it proves itself by ES256 signatures (RFC 7518: r and s, 32 bytes each). Immutable.
 */
final class ClientKey {

  private static final String CURVE = "secp256r1";
  private static final int COORDINATE_BYTES = 32;
  private static final Base64.Encoder URL = Base64.getUrlEncoder().withoutPadding();

  private final PrivateKey privateKey;
  private final String x;
  private final String y;
  private final String clientId;
  private final ECPublicKey publicKey;

  private ClientKey(PrivateKey privateKey, ECPublicKey publicKey) throws GeneralSecurityException {
    this.privateKey = privateKey;
    this.publicKey = publicKey;
    this.x = coordinate(publicKey.getW().getAffineX());
    this.y = coordinate(publicKey.getW().getAffineY());
    // RFC 7638: the required members in the order of their names, without blanks.
    String canonical = "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"" + x + "\",\"y\":\"" + y + "\"}";
    this.clientId =
        URL.encodeToString(
            MessageDigest.getInstance("SHA-256")
                .digest(canonical.getBytes(StandardCharsets.UTF_8)));
  }

  /** A pair that was handed in; {@code IllegalArgumentException} if it is not a P-256 pair. */
  static ClientKey of(KeyPair pair) {
    if (!(pair.getPublic() instanceof ECPublicKey publicKey)
        || publicKey.getParams().getCurve().getField().getFieldSize() != 256
        || !publicKey.getParams().getOrder().equals(p256Order())) {
      throw new IllegalArgumentException("keyPair: must be an EC key pair on P-256");
    }
    try {
      ClientKey key = new ClientKey(pair.getPrivate(), publicKey);
      key.requireMatch();
      return key;
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException("keyPair: its private key cannot sign: " + e, e);
    }
  }

  /** The pair in a file; one that is made and stored there, on disk, if there is no such file. */
  static ClientKey loadOrMake(Path file) {
    try {
      if (Files.exists(file)) {
        return load(file);
      }
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec(CURVE));
      KeyPair pair = generator.generateKeyPair();
      String text =
          encoded(pair.getPrivate().getEncoded()) + "\n" + encoded(pair.getPublic().getEncoded());
      OwnerOnlyFiles.write(file, text + "\n");
      return of(pair);
    } catch (IOException e) {
      throw new LocalBufferException("cannot read or write the key file " + file + ": " + e, e);
    } catch (GeneralSecurityException e) {
      throw new LocalBufferException("cannot make a P-256 key pair: " + e, e);
    }
  }

  private static ClientKey load(Path file) throws IOException {
    try {
      List<String> lines = Files.readAllLines(file, StandardCharsets.US_ASCII);
      KeyFactory keys = KeyFactory.getInstance("EC");
      PrivateKey privateKey =
          keys.generatePrivate(
              new PKCS8EncodedKeySpec(Base64.getDecoder().decode(lines.get(0).strip())));
      PublicKey publicKey =
          keys.generatePublic(
              new X509EncodedKeySpec(Base64.getDecoder().decode(lines.get(1).strip())));
      return of(new KeyPair(publicKey, privateKey));
    } catch (GeneralSecurityException | IllegalArgumentException | IndexOutOfBoundsException e) {
      throw new LocalBufferException(
          "the key file "
              + file
              + " is damaged. Restore it from a copy, or move it and the buffer's file away to start"
              + " as a new client",
          e);
    }
  }

  /** The RFC 7638 thumbprint: 43 characters. */
  String clientId() {
    return clientId;
  }

  /** Writes the public key as the JWK field {@code publicKey}. */
  void writePublicKey(JsonGenerator out) throws IOException {
    out.writeObjectFieldStart("publicKey");
    out.writeStringField("kty", "EC");
    out.writeStringField("crv", "P-256");
    out.writeStringField("x", x);
    out.writeStringField("y", y);
    out.writeEndObject();
  }

  /** The public key as a JWK. */
  String jwk() {
    return Json.object(this::writePublicKey);
  }

  /** The signature that answers a challenge, base64url. */
  String answer(String audience, String challenge) {
    try {
      return URL.encodeToString(
          sign(
              ("varve-identity-v1\n" + audience + "\n" + challenge)
                  .getBytes(StandardCharsets.UTF_8)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("the key cannot sign", e);
    }
  }

  private byte[] sign(byte[] text) throws GeneralSecurityException {
    // In P1363 format: r and s as they are, which is what ES256 wants, instead of ASN.1.
    Signature signature = Signature.getInstance("SHA256withECDSAinP1363Format");
    signature.initSign(privateKey);
    signature.update(text);
    return signature.sign();
  }

  private void requireMatch() throws GeneralSecurityException {
    byte[] text = clientId.getBytes(StandardCharsets.UTF_8);
    Signature check = Signature.getInstance("SHA256withECDSAinP1363Format");
    check.initVerify(publicKey);
    check.update(text);
    if (!check.verify(sign(text))) {
      throw new IllegalArgumentException("keyPair: the private key is not the public key's");
    }
  }

  private static BigInteger p256Order() {
    return new BigInteger("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", 16);
  }

  private static String encoded(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }

  private static String coordinate(BigInteger value) {
    byte[] bytes = value.toByteArray();
    byte[] fixed = new byte[COORDINATE_BYTES];
    // Without the sign's byte, and with the leading zeros that a BigInteger leaves out.
    int length = Math.min(bytes.length, COORDINATE_BYTES);
    System.arraycopy(bytes, bytes.length - length, fixed, COORDINATE_BYTES - length, length);
    return URL.encodeToString(fixed);
  }
}
