package io.varve.gateway.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import io.varve.gateway.identity.SignedTexts.Kind;
import io.varve.gateway.problem.ProblemException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SigningKeysTest {
  @TempDir Path directory;

  private final SettableClock clock = new SettableClock();
  private final String clientId = new Device().clientId();

  @Test
  void aNewFileIsForItsOwnerOnlyAndIsNeverWrittenOver() throws IOException {
    Path file = directory.resolve("keys.json");

    String id = SigningKeys.create(file);

    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    assertThat(SigningKeys.open(file, false).ids()).containsExactly(id);
    String before = Files.readString(file);
    assertThatThrownBy(() -> SigningKeys.create(file)).hasMessageContaining("keys.json exists");
    assertThat(SigningKeys.open(file, true).ids()).containsExactly(id);
    assertThat(Files.readString(file)).isEqualTo(before);
    assertThat(directory).isDirectoryNotContaining("glob:**.new");
  }

  @Test
  void aFileIsMadeOnlyWhenThatWasAskedFor() {
    Path file = directory.resolve("none.json");

    assertThatThrownBy(() -> SigningKeys.open(file, false))
        .isInstanceOf(IdentityFormatException.class)
        .hasMessageContaining("there is no " + file)
        .hasMessageContaining("varve token keygen --out");
    assertThat(file).doesNotExist();
    assertThatThrownBy(() -> SigningKeys.open(directory.resolve("no/such/keys.json"), true))
        .hasMessageContaining("cannot write");

    assertThat(SigningKeys.open(file, true).ids()).hasSize(1);
    assertThat(file).exists();
  }

  @Test
  void aKeyIsReplacedInThreeStepsWithoutATokenBeingRefused() throws IOException {
    Path file = directory.resolve("keys.json");
    String first = SigningKeys.create(file);
    SigningKeys one = SigningKeys.open(file, false);
    SigningKeys other = SigningKeys.open(file, false);
    String old = token(one);

    String second = SigningKeys.add(file);
    one.reload();
    assertThat(one.ids()).containsExactly(first, second);
    String added = token(one);
    verify(other, added); // Still signed with the first, which the other one knows.
    other.reload();

    List<String> lines = new ArrayList<>(Files.readAllLines(file));
    assertThat(lines).hasSize(4);
    String moved =
        "{\"keys\":[\n" + lines.get(2) + ",\n" + lines.get(1).replace("},", "}") + "\n]}";
    Files.writeString(file, moved);
    one.reload();
    assertThat(one.ids()).containsExactly(second, first);
    String next = token(one);
    verify(other, next);
    verify(one, old);

    Files.writeString(file, "{\"keys\":[\n" + lines.get(2) + "\n]}");
    one.reload();
    verify(one, next);
    assertThatThrownBy(() -> verify(one, old))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining("a key that is not known here");
  }

  @Test
  void aFileThatCannotBeUsedLeavesTheKeysAsTheyWere() throws IOException {
    Path file = directory.resolve("keys.json");
    String id = SigningKeys.create(file);
    SigningKeys keys = SigningKeys.open(file, false);
    String text = Files.readString(file);

    Files.writeString(file, text.substring(0, 40));
    keys.reload();
    assertThat(keys.ids()).containsExactly(id);
    Files.delete(file);
    keys.reload();
    assertThat(keys.ids()).containsExactly(id);

    String next = SigningKeys.create(file);
    keys.reload();
    assertThat(keys.ids()).containsExactly(next);
  }

  @Test
  void whatIsWrongWithAFileIsSaid() throws Exception {
    Path good = directory.resolve("good.json");
    SigningKeys.create(good);
    ECKey key = JWKSet.load(good.toFile()).getKeys().get(0).toECKey();
    ECKey stranger = new Device().key();
    String line = Files.readAllLines(good).get(1);

    refused("", "this is not JSON", "nonsense");
    refused("keys", "an array of 1 to 16 keys", "{\"keys\":[]}");
    refused("keys", "an array of 1 to 16 keys", "{}");
    refused("kids", "has no field 'kids'", "{\"kids\":[]}");
    refused(
        "keys",
        "1 to 16 keys",
        "{\"keys\":[" + String.join(",", Collections.nCopies(17, line)) + "]}");
    refused("kid", "two keys have the id", "{\"keys\":[" + line + "," + line + "]}");
    refused(
        "d",
        "keys[0]: 'd' is missing: a signing key is a private key",
        "{\"keys\":[" + key.toPublicJWK().toJSONString() + "]}");
    refused(
        "d",
        "'d' does not belong to 'x' and 'y'",
        "{\"keys\":[" + line.replace(key.getD().toString(), stranger.getD().toString()) + "]}");
    refused("d", "32 bytes", "{\"keys\":[" + line.replace(key.getD().toString(), "AAAA") + "]}");
    refused("crv", "'crv' must be 'P-256'", "{\"keys\":[" + line.replace("P-256", "P-384") + "]}");
    refused(
        "x",
        "no point of the curve",
        "{\"keys\":[" + line.replace(key.getX().toString(), stranger.getX().toString()) + "]}");
    refused("", "more than 65536 bytes", " ".repeat(70_000));
  }

  @Test
  void noMoreKeysAreAddedThanAFileMayHave() {
    Path file = directory.resolve("keys.json");
    SigningKeys.create(file);
    for (int i = 1; i < SigningKeys.MAX_KEYS; i++) {
      SigningKeys.add(file);
    }

    assertThatThrownBy(() -> SigningKeys.add(file)).hasMessageContaining("has 16 keys");
    assertThat(SigningKeys.open(file, false).ids()).hasSize(16).doesNotHaveDuplicates();
  }

  private void refused(String field, String why, String text) throws IOException {
    Path file = Files.writeString(directory.resolve("bad.json"), text);
    assertThatThrownBy(() -> SigningKeys.open(file, false))
        .isInstanceOfSatisfying(
            IdentityFormatException.class, e -> assertThat(e.field()).isEqualTo(field))
        .hasMessageContaining("bad.json")
        .hasMessageContaining(why);
  }

  private String token(SigningKeys keys) {
    return new SignedTexts(keys, "varve", clock)
        .sign(
            Kind.TOKEN,
            UUID.randomUUID(),
            clientId,
            clock.instant(),
            clock.instant().plus(Duration.ofMinutes(15)),
            out -> {});
  }

  private void verify(SigningKeys keys, String token) {
    assertThat(new SignedTexts(keys, "varve", clock).verify(Kind.TOKEN, token).clientId())
        .isEqualTo(clientId);
  }
}
