package io.varve.gateway.identity;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.ECDSAVerifier;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.util.Base64URL;
import io.varve.client.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.interfaces.ECPublicKey;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The keys that sign tokens: a file with a JSON Web Key set (RFC 7517) of private P-256 keys, the
 * same for every gateway of a cluster. The first key signs, all of them verify. So a key is
 * replaced in three steps: add the new one at the end, everywhere; move it to the front,
 * everywhere; once the last token of the old one has ended, remove that.
 *
 * <p>The file is read again whenever {@link #reload()} is called; one that cannot be used is told
 * in the log, and the keys stay as they were. Thread-safe.
 */
public final class SigningKeys {
  private static final Logger LOG = LoggerFactory.getLogger(SigningKeys.class);

  /** The most keys in a file. */
  public static final int MAX_KEYS = 16;

  /** The largest file. */
  private static final int MAX_BYTES = 64 * 1024;

  private static final Set<String> FIELDS =
      Set.of("kty", "crv", "x", "y", "d", "kid", "use", "alg");
  private static final int MAX_KID = 128;

  private final Path file;
  private volatile Keys keys;
  private volatile String complaint = "";

  private SigningKeys(Path file, Keys keys) {
    this.file = file;
    this.keys = keys;
  }

  /**
   * Reads a file of keys.
   *
   * @param file the file
   * @param createIfMissing whether to make it, with one new key, when there is none
   * @throws IdentityFormatException if it cannot be read or made, or is not a set of 1 to {@value
   *     #MAX_KEYS} private P-256 keys; the message names the file, the key and what is wrong
   */
  public static SigningKeys open(Path file, boolean createIfMissing) {
    if (createIfMissing && !Files.exists(file)) {
      try {
        create(file);
        LOG.info("made a file of signing keys, {}: every gateway of this cluster needs it", file);
      } catch (IdentityFormatException e) {
        // Another gateway may have been quicker.
        if (!Files.exists(file)) {
          throw e;
        }
      }
    }
    warnIfPublic(file);
    return new SigningKeys(file, parse(file, read(file)));
  }

  /**
   * Makes a file with one new key, readable by its owner only.
   *
   * @return the new key's id
   * @throws IdentityFormatException if the file exists, or cannot be written
   */
  public static String create(Path file) {
    ECKey key = generate();
    try {
      Path draft = draft(file, List.of(key));
      try {
        Files.createLink(file, draft); // Fails if the file exists, and never shows half of one.
      } catch (UnsupportedOperationException e) {
        Files.move(draft, file);
      } finally {
        Files.deleteIfExists(draft);
      }
    } catch (FileAlreadyExistsException e) {
      throw new IdentityFormatException("", file + " exists: it is left as it is");
    } catch (IOException e) {
      throw new IdentityFormatException("", "cannot write " + file + ": " + reason(e));
    }
    return key.getKeyID();
  }

  /**
   * Adds a new key at the end of a file: it verifies, and does not sign yet.
   *
   * @return the new key's id
   * @throws IdentityFormatException if the file is none, has {@value #MAX_KEYS} keys, or cannot be
   *     written
   */
  public static String add(Path file) {
    List<ECKey> keys = new ArrayList<>(parse(file, read(file)).all());
    if (keys.size() == MAX_KEYS) {
      throw new IdentityFormatException(
          "keys", file + " has " + MAX_KEYS + " keys, which is the limit: remove old ones first");
    }
    ECKey key = generate();
    keys.add(key);
    try {
      Path draft = draft(file, keys);
      Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new IdentityFormatException("", "cannot write " + file + ": " + reason(e));
    }
    return key.getKeyID();
  }

  /** The ids of the keys, that of the one that signs first. */
  public List<String> ids() {
    return keys.all().stream().map(ECKey::getKeyID).toList();
  }

  /**
   * Reads the file again, if it says something else than before. Blocks as long as reading a small
   * file does.
   */
  public void reload() {
    try {
      String text = read(file);
      Keys now = keys;
      if (!text.equals(now.text())) {
        Keys next = parse(file, text);
        keys = next;
        LOG.info(
            "read {} again: key {} signs, and there are {} to verify with",
            file,
            next.all().get(0).getKeyID(),
            next.all().size());
      }
      complaint = "";
    } catch (IdentityFormatException e) {
      String message = String.valueOf(e.getMessage());
      if (!message.equals(complaint)) {
        complaint = message;
        LOG.error("the signing keys stay as they were: {}", message);
      }
    }
  }

  /** The id of the key that signs, and what signs with it. */
  Map.Entry<String, JWSSigner> signer() {
    Keys now = keys;
    return Map.entry(now.all().get(0).getKeyID(), now.signer());
  }

  /** What verifies signatures of one key; empty when there is no such key (any more). */
  Optional<JWSVerifier> verifier(String id) {
    return Optional.ofNullable(keys.verifiers().get(id));
  }

  private static ECKey generate() {
    try {
      return new ECKeyGenerator(Curve.P_256).keyIDFromThumbprint(true).generate();
    } catch (JOSEException e) {
      throw new IllegalStateException("this Java has no P-256", e);
    }
  }

  private static Path draft(Path file, List<ECKey> keys) throws IOException {
    Path directory = file.toAbsolutePath().normalize().getParent();
    if (directory == null) {
      throw new NoSuchFileException(file.toString());
    }
    // Made with mode 0600 where there are modes.
    Path draft = Files.createTempFile(directory, ".signing-keys-", ".new");
    Files.writeString(draft, text(keys), StandardOpenOption.SYNC);
    return draft;
  }

  /** One key a line, so that an editor can move them. */
  private static String text(List<ECKey> keys) {
    return keys.stream()
        .map(SigningKeys::line)
        .collect(Collectors.joining(",\n", "{\"keys\":[\n", "\n]}\n"));
  }

  private static String line(ECKey key) {
    return Json.object(
        out -> {
          out.writeStringField("kid", key.getKeyID());
          out.writeStringField("kty", "EC");
          out.writeStringField("crv", "P-256");
          out.writeStringField("x", key.getX().toString());
          out.writeStringField("y", key.getY().toString());
          out.writeStringField("d", key.getD().toString());
        });
  }

  private static String read(Path file) {
    try (var in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MAX_BYTES + 1);
      if (bytes.length > MAX_BYTES) {
        throw new IdentityFormatException("", file + " has more than " + MAX_BYTES + " bytes");
      }
      return new String(bytes, StandardCharsets.UTF_8);
    } catch (NoSuchFileException e) {
      throw new IdentityFormatException(
          "", "there is no " + file + ": make one with 'varve token keygen --out " + file + "'");
    } catch (IOException e) {
      throw new IdentityFormatException("", "cannot read " + file + ": " + reason(e));
    }
  }

  private static Keys parse(Path file, String text) {
    List<ECKey> keys = new ArrayList<>();
    Map<String, JWSVerifier> verifiers = new LinkedHashMap<>();
    try {
      JsonNode set = StrictJson.parse(text);
      StrictJson.requireOnly(set, "a key set", Set.of("keys"));
      JsonNode list = set.path("keys");
      if (!list.isArray() || list.isEmpty() || list.size() > MAX_KEYS) {
        throw new IdentityFormatException(
            "keys", "'keys' must be an array of 1 to " + MAX_KEYS + " keys");
      }
      for (JsonNode node : list) {
        ECKey key = key(node, "keys[" + keys.size() + "]");
        if (verifiers.put(key.getKeyID(), new ECDSAVerifier(key.toECPublicKey())) != null) {
          throw new IdentityFormatException("kid", "two keys have the id '" + key.getKeyID() + "'");
        }
        keys.add(key);
      }
      return new Keys(text, List.copyOf(keys), Map.copyOf(verifiers), new ECDSASigner(keys.get(0)));
    } catch (IdentityFormatException e) {
      throw new IdentityFormatException(e.field(), file + ": " + e.getMessage());
    } catch (JOSEException e) {
      throw new IdentityFormatException("", file + ": " + e.getMessage());
    }
  }

  private static ECKey key(JsonNode node, String where) throws JOSEException {
    try {
      StrictJson.requireOnly(node, "a signing key", FIELDS);
      if (!node.path("d").isTextual()) {
        throw new IdentityFormatException("d", "'d' is missing: a signing key is a private key");
      }
      byte[] d = StrictBase64.decode(node.get("d").textValue());
      if (d.length != ClientKey.SIGNATURE_BYTES / 2) {
        throw new IdentityFormatException("d", "'d' must be 32 bytes: " + d.length);
      }
      ClientKey point = ClientKey.of(((ObjectNode) node.deepCopy()).without("d"));
      String kid = node.has("kid") ? node.get("kid").asText() : point.clientId();
      if (kid.isEmpty() || kid.length() > MAX_KID) {
        throw new IdentityFormatException("kid", "'kid' must be 1 to " + MAX_KID + " characters");
      }
      ECKey key =
          new ECKey.Builder(Curve.P_256, point.publicKey())
              .d(Base64URL.encode(d))
              .keyID(kid)
              .build();
      requirePair(key);
      return key;
    } catch (IdentityFormatException e) {
      throw new IdentityFormatException(e.field(), where + ": " + e.getMessage());
    } catch (IllegalArgumentException e) {
      throw new IdentityFormatException("d", where + ": 'd' " + e.getMessage());
    }
  }

  /** A private part that belongs to another public key would sign what nobody can verify. */
  private static void requirePair(ECKey key) {
    JWSHeader header = new JWSHeader(JWSAlgorithm.ES256);
    byte[] text = "varve".getBytes(StandardCharsets.UTF_8);
    try {
      Base64URL signature = new ECDSASigner(key).sign(header, text);
      ECPublicKey half = key.toECPublicKey();
      if (new ECDSAVerifier(half).verify(header, text, signature)) {
        return;
      }
    } catch (JOSEException | RuntimeException e) {
      LOG.debug("a key that cannot sign", e);
    }
    throw new IdentityFormatException("d", "'d' does not belong to 'x' and 'y'");
  }

  private static void warnIfPublic(Path file) {
    try {
      if (Files.exists(file)
          && Files.getPosixFilePermissions(file).contains(PosixFilePermission.OTHERS_READ)) {
        LOG.warn(
            "every user of this machine can read the signing keys in {} ({}): whoever does can be"
                + " any client; 'chmod 600' it",
            file,
            PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
      }
    } catch (IOException | UnsupportedOperationException e) {
      LOG.debug("cannot tell who may read {}", file, e);
    }
  }

  private static String reason(IOException e) {
    return e.getClass().getSimpleName() + ": " + e.getMessage();
  }

  private record Keys(
      String text, List<ECKey> all, Map<String, JWSVerifier> verifiers, JWSSigner signer) {}
}
