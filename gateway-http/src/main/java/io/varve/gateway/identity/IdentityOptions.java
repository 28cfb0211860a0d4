package io.varve.gateway.identity;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * How clients show who they are. Gateways of one cluster that are to accept each other's tokens
 * have the same audience and the same signing keys. Immutable.
 *
 * @param mode whether callers must show who they are
 * @param audience whom tokens and signatures are meant for: 1 to 200 printable ASCII characters
 *     without blanks. Gateways of different clusters should have different ones
 * @param signingKeys the file of the keys that sign tokens ({@link SigningKeys}); needed with
 *     {@link IdentityMode#KEYS}
 * @param createSigningKeys whether to make that file when there is none
 * @param tokenLifetime how long a token is good for, 10 s to 24 h in whole seconds
 * @param challengeLifetime how long a challenge can be answered, 5 s to 10 min in whole seconds
 * @param selfRegistration whether a key that nobody has registered may register itself
 * @param defaultGrants what a client may do whose record says nothing else; {@code {client}} stands
 *     for its id
 * @param secureCookie when the cookie is marked {@code Secure}
 */
public record IdentityOptions(
    IdentityMode mode,
    String audience,
    Optional<Path> signingKeys,
    boolean createSigningKeys,
    Duration tokenLifetime,
    Duration challengeLifetime,
    boolean selfRegistration,
    Grants defaultGrants,
    SecureCookie secureCookie) {

  /** The longest life of a token. */
  public static final Duration MAX_TOKEN_LIFETIME = Duration.ofHours(24);

  private static final Duration MIN_TOKEN_LIFETIME = Duration.ofSeconds(10);
  private static final Duration MAX_CHALLENGE_LIFETIME = Duration.ofMinutes(10);
  private static final Duration MIN_CHALLENGE_LIFETIME = Duration.ofSeconds(5);
  private static final int MAX_AUDIENCE = 200;

  public IdentityOptions {
    Objects.requireNonNull(mode, "mode");
    Objects.requireNonNull(audience, "audience");
    Objects.requireNonNull(signingKeys, "signingKeys");
    Objects.requireNonNull(defaultGrants, "defaultGrants");
    Objects.requireNonNull(secureCookie, "secureCookie");
    if (audience.isEmpty()
        || audience.length() > MAX_AUDIENCE
        || !audience.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
      throw new IllegalArgumentException(
          "audience must be 1 to " + MAX_AUDIENCE + " printable ASCII characters without blanks");
    }
    if (mode == IdentityMode.KEYS && signingKeys.isEmpty()) {
      throw new IllegalArgumentException(
          "signingKeys must name a file when mode is 'keys': make one with"
              + " 'varve token keygen --out FILE'");
    }
    require(tokenLifetime, "tokenLifetime", MIN_TOKEN_LIFETIME, MAX_TOKEN_LIFETIME);
    require(challengeLifetime, "challengeLifetime", MIN_CHALLENGE_LIFETIME, MAX_CHALLENGE_LIFETIME);
  }

  /**
   * Keys: audience {@code varve}, tokens for 15 min, challenges for 60 s, no registering oneself,
   * every client may read and append to what begins with {@code clients/ITS-ID/}.
   *
   * @param signingKeys the file of the keys that sign tokens
   */
  public static IdentityOptions keys(Path signingKeys) {
    return defaults(IdentityMode.KEYS, Optional.of(signingKeys));
  }

  /** Open: everybody may do everything. */
  public static IdentityOptions open() {
    return defaults(IdentityMode.OPEN, Optional.empty());
  }

  private static IdentityOptions defaults(IdentityMode mode, Optional<Path> signingKeys) {
    return new IdentityOptions(
        mode,
        "varve",
        signingKeys,
        false,
        Duration.ofMinutes(15),
        Duration.ofSeconds(60),
        false,
        new Grants(
            List.of("clients/" + Grants.CLIENT + "/"), List.of("clients/" + Grants.CLIENT + "/")),
        SecureCookie.OVER_TLS);
  }

  /** With another audience. */
  public IdentityOptions withAudience(String audience) {
    return with(copy -> copy.audience = audience);
  }

  /** With the file of signing keys made when there is none, or not. */
  public IdentityOptions withCreateSigningKeys(boolean create) {
    return with(copy -> copy.createSigningKeys = create);
  }

  /** With another life of tokens. */
  public IdentityOptions withTokenLifetime(Duration lifetime) {
    return with(copy -> copy.tokenLifetime = lifetime);
  }

  /** With another life of challenges. */
  public IdentityOptions withChallengeLifetime(Duration lifetime) {
    return with(copy -> copy.challengeLifetime = lifetime);
  }

  /** With keys registering themselves, or not. */
  public IdentityOptions withSelfRegistration(boolean allowed) {
    return with(copy -> copy.selfRegistration = allowed);
  }

  /** With other grants for clients whose record says nothing else. */
  public IdentityOptions withDefaultGrants(Grants grants) {
    return with(copy -> copy.defaultGrants = grants);
  }

  /** With the cookie marked {@code Secure} at other times. */
  public IdentityOptions withSecureCookie(SecureCookie when) {
    return with(copy -> copy.secureCookie = when);
  }

  private static void require(Duration value, String name, Duration min, Duration max) {
    if (value.compareTo(min) < 0 || value.compareTo(max) > 0 || value.toNanosPart() != 0) {
      throw new IllegalArgumentException(
          name
              + " must be "
              + min.toSeconds()
              + " to "
              + max.toSeconds()
              + " whole seconds: "
              + value);
    }
  }

  private IdentityOptions with(Consumer<Copy> change) {
    Copy copy = new Copy(this);
    change.accept(copy);
    return copy.build();
  }

  /** The same components, to be changed. */
  private static final class Copy {
    private IdentityMode mode;
    private String audience;
    private Optional<Path> signingKeys;
    private boolean createSigningKeys;
    private Duration tokenLifetime;
    private Duration challengeLifetime;
    private boolean selfRegistration;
    private Grants defaultGrants;
    private SecureCookie secureCookie;

    private Copy(IdentityOptions of) {
      mode = of.mode;
      audience = of.audience;
      signingKeys = of.signingKeys;
      createSigningKeys = of.createSigningKeys;
      tokenLifetime = of.tokenLifetime;
      challengeLifetime = of.challengeLifetime;
      selfRegistration = of.selfRegistration;
      defaultGrants = of.defaultGrants;
      secureCookie = of.secureCookie;
    }

    private IdentityOptions build() {
      return new IdentityOptions(
          mode,
          audience,
          signingKeys,
          createSigningKeys,
          tokenLifetime,
          challengeLifetime,
          selfRegistration,
          defaultGrants,
          secureCookie);
    }
  }
}
