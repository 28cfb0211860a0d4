package io.varve.gateway.identity;

import com.fasterxml.jackson.databind.JsonNode;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.Payload;
import io.varve.client.json.Json;
import io.varve.gateway.problem.Problem;
import io.varve.gateway.problem.ProblemCode;
import io.varve.gateway.problem.ProblemException;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.time.Clock;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * What gateways sign so that any of them knows it again: JSON Web Tokens (RFC 7519), signed with
 * ES256 and nothing else. Each kind has a type and an issuer of its own, so that none passes as
 * another. Thread-safe.
 */
final class SignedTexts {

  /** How far the clocks of two gateways may be apart. */
  static final long SKEW_SECONDS = 5;

  /** Longer ones are not even looked at. Ours have less than 700. */
  static final int MAX_CHARACTERS = 2_048;

  private static final Set<String> HEADER = Set.of("alg", "typ", "kid");

  private final SigningKeys keys;
  private final String audience;
  private final Clock clock;

  SignedTexts(SigningKeys keys, String audience, Clock clock) {
    this.keys = keys;
    this.audience = audience;
    this.clock = clock;
  }

  /**
   * Signs.
   *
   * @param subject the client
   * @param more further claims
   */
  String sign(
      Kind kind, UUID id, String subject, Instant issued, Instant expires, Json.Writing more) {
    Map.Entry<String, JWSSigner> signer = keys.signer();
    JWSObject signed =
        new JWSObject(
            new JWSHeader.Builder(JWSAlgorithm.ES256)
                .type(new JOSEObjectType(kind.type))
                .keyID(signer.getKey())
                .build(),
            new Payload(
                Json.object(
                    out -> {
                      out.writeStringField("iss", kind.issuer);
                      out.writeStringField("aud", audience);
                      out.writeStringField("sub", subject);
                      out.writeStringField("jti", id.toString());
                      out.writeNumberField("iat", issued.getEpochSecond());
                      out.writeNumberField("exp", expires.getEpochSecond());
                      more.to(out);
                    })));
    try {
      signed.sign(signer.getValue());
    } catch (JOSEException e) {
      throw new IllegalStateException("cannot sign with key " + signer.getKey(), e);
    }
    return signed.serialize();
  }

  /**
   * Checks a signed text.
   *
   * @throws ProblemException with the kind's code if it is not one of this kind that a gateway with
   *     these keys signed for this audience, or its time is up
   */
  Claims verify(Kind kind, String text) {
    if (text.length() > MAX_CHARACTERS) {
      throw kind.refused("has more than " + MAX_CHARACTERS + " characters");
    }
    JWSObject signed;
    try {
      for (String part : text.split("\\.", -1)) {
        StrictBase64.decode(part);
      }
      signed = JWSObject.parse(text);
    } catch (ParseException | RuntimeException e) { // Whatever a stranger made up.
      throw kind.refused("is not a JSON Web Token signed with ES256");
    }
    JWSHeader header = signed.getHeader();
    if (!JWSAlgorithm.ES256.equals(header.getAlgorithm())) {
      throw kind.refused("is not signed with ES256");
    }
    if (!HEADER.equals(header.getIncludedParams())
        || !new JOSEObjectType(kind.type).equals(header.getType())) {
      throw kind.refused("is not of this kind");
    }
    String keyId = header.getKeyID();
    JWSVerifier verifier =
        keys.verifier(keyId)
            .orElseThrow(() -> kind.refused("was signed with a key that is not known here"));
    try {
      if (!signed.verify(verifier)) {
        throw kind.refused("has a signature that is not right");
      }
    } catch (JOSEException e) {
      throw kind.refused("has a signature that is not right");
    }
    return claims(kind, keyId, signed.getPayload().toBytes());
  }

  private Claims claims(Kind kind, String keyId, byte[] payload) {
    // Signed by one of the keys: what is wrong from here on is meant for somebody else, or is late.
    JsonNode json;
    try {
      json = StrictJson.parse(new String(payload, StandardCharsets.UTF_8));
    } catch (IdentityFormatException e) {
      throw kind.refused("has no claims");
    }
    if (!json.path("iss").asText().equals(kind.issuer)) {
      throw kind.refused("has another issuer than '" + kind.issuer + "'");
    }
    if (!json.path("aud").isTextual() || !json.path("aud").textValue().equals(audience)) {
      throw kind.refused("is for another audience than '" + audience + "'");
    }
    JsonNode issued = json.path("iat");
    JsonNode expires = json.path("exp");
    if (!issued.isIntegralNumber() || !expires.isIntegralNumber()) {
      throw kind.refused("does not say when it was issued and when it ends");
    }
    Claims claims;
    try {
      claims =
          new Claims(
              keyId,
              UUID.fromString(json.path("jti").asText()),
              IdentityRecords.requireClientId(json.path("sub").asText()),
              Instant.ofEpochSecond(issued.longValue()),
              Instant.ofEpochSecond(expires.longValue()),
              json);
    } catch (RuntimeException e) {
      throw kind.refused("lacks a claim");
    }
    requireTime(kind, claims);
    return claims;
  }

  /** Passes claims whose time has come and is not up. */
  void requireTime(Kind kind, Claims claims) {
    Instant now = clock.instant();
    if (!now.isBefore(claims.expires().plusSeconds(SKEW_SECONDS))) {
      throw kind.refused("ended at " + claims.expires());
    }
    if (now.plusSeconds(SKEW_SECONDS).isBefore(claims.issued())) {
      throw kind.refused("was issued at " + claims.issued() + ", which is yet to come");
    }
  }

  /** Passes claims that were signed with a key that is still one. */
  void requireKey(Kind kind, Claims claims) {
    if (keys.verifier(claims.keyId()).isEmpty()) {
      throw kind.refused("was signed with a key that is not known here");
    }
  }

  /** What is signed. */
  enum Kind {
    /** Lets a client in. */
    TOKEN("JWT", "varve", ProblemCode.UNAUTHENTICATED, "the token", "Authorization"),
    /** To be signed by a client to prove that it holds its key; good once. */
    CHALLENGE(
        "varve-challenge+jwt",
        "varve-challenge",
        ProblemCode.CHALLENGE_REFUSED,
        "the challenge",
        "challenge");

    private final String type;
    private final String issuer;
    private final ProblemCode code;
    private final String name;
    private final String field;

    Kind(String type, String issuer, ProblemCode code, String name, String field) {
      this.type = type;
      this.issuer = issuer;
      this.code = code;
      this.name = name;
      this.field = field;
    }

    /** It is refused, and why. */
    ProblemException refused(String why) {
      return new ProblemException(Problem.of(code, name + " " + why, field));
    }
  }

  /**
   * What a signed text says.
   *
   * @param keyId the key that signed it
   * @param id its {@code jti}
   * @param clientId its {@code sub}
   * @param issued its {@code iat}
   * @param expires its {@code exp}
   * @param all every claim
   */
  record Claims(
      String keyId, UUID id, String clientId, Instant issued, Instant expires, JsonNode all) {}
}
