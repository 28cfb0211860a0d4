package io.varve.statemachine.store;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import org.junit.jupiter.api.Test;

class ChainHashTest {

  private static final byte[] RECORD =
      "..headersalt-of-16-bytes{}".getBytes(StandardCharsets.UTF_8);

  @Test
  void beginsWithZeros() {
    assertThat(new ChainHash().current()).isEqualTo(ByteString.copyFrom(new byte[32]));
  }

  @Test
  void isTheSpecifiedHash() throws Exception {
    MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
    byte[] content = sha256.digest("salt-of-16-bytes{}".getBytes(StandardCharsets.UTF_8));
    sha256.update(new byte[32]);
    sha256.update("header".getBytes(StandardCharsets.UTF_8));
    byte[] expected = sha256.digest(content);
    ChainHash chain = new ChainHash();

    chain.append(RECORD, 2, 6, RECORD.length - 2);

    assertThat(chain.current()).isEqualTo(ByteString.copyFrom(expected));
    assertThat(chain.current())
        .as("golden: whatever changes this changes every node's chain")
        .isEqualTo(
            ByteString.fromHex("7e14652c9a689c9d6f4a076357ee6d4cb46f9abf39ab630e7518daae754f9536"));
  }

  @Test
  void continuesFromAKeptHash() {
    ChainHash whole = new ChainHash();
    whole.append(RECORD, 2, 6, RECORD.length - 2);
    ChainHash continued = new ChainHash(whole.current());

    whole.append(RECORD, 0, 8, RECORD.length);
    continued.append(RECORD, 0, 8, RECORD.length);

    assertThat(continued.current()).isEqualTo(whole.current());
  }
}
