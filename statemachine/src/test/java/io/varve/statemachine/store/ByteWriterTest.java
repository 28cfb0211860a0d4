package io.varve.statemachine.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.varve.statemachine.StoreException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ByteWriterTest {

  private final ByteWriter out = new ByteWriter(1);

  @ParameterizedTest
  @ValueSource(
      longs = {
        0,
        1,
        127,
        128,
        16_383,
        16_384,
        Integer.MAX_VALUE,
        Long.MAX_VALUE,
        -1,
        Long.MIN_VALUE
      })
  void readsBackWhatItWrote(long number) {
    out.writeVarint(number);
    assertThat(out.size()).isEqualTo(ByteWriter.varintLength(number));
    out.writeSignedVarint(number);
    out.writeLong(number);

    ByteReader in = new ByteReader(out.toByteArray());

    assertThat(in.readVarint()).isEqualTo(number);
    assertThat(in.readSignedVarint()).isEqualTo(number);
    assertThat(in.readLong()).isEqualTo(number);
    assertThat(in.remaining()).isZero();
  }

  @Test
  void readsBackStringsAndBytes() {
    out.writeString("");
    out.writeString("grüße, 日本, 🪨");
    out.writeBytes(ByteString.copyFromUtf8("abc"));
    out.writeString("skipped");
    out.writeByte(0xFE);

    ByteReader in = new ByteReader(out.toByteArray());

    assertThat(in.readString()).isEmpty();
    assertThat(in.readString()).isEqualTo("grüße, 日本, 🪨");
    assertThat(in.readBytes()).isEqualTo(ByteString.copyFromUtf8("abc"));
    in.skipString();
    assertThat(in.readByte()).isEqualTo(0xFE);
  }

  @Test
  void numbersSortAsTheyAre() {
    out.writeLong(0x0102030405060708L);

    assertThat(out.toByteArray()).containsExactly(1, 2, 3, 4, 5, 6, 7, 8);
  }

  @Test
  void whatWasSkippedIsZeroAlsoInAReusedBuffer() {
    out.write(new byte[] {9, 9, 9, 9});
    out.clear();
    out.skip(4);
    out.setIntLittleEndian(0, 258);

    assertThat(out.toByteArray()).containsExactly(2, 1, 0, 0);
  }

  @Test
  void runningPastTheEndIsAnError() {
    assertThatThrownBy(() -> new ByteReader(new byte[] {5, 'a'}).readString())
        .isInstanceOf(StoreException.class);
    assertThatThrownBy(() -> new ByteReader(new byte[7]).readLong())
        .isInstanceOf(StoreException.class);
    assertThatThrownBy(() -> new ByteReader(new byte[] {(byte) 0x80}).readVarint())
        .isInstanceOf(StoreException.class);
    byte[] endless = new byte[11];
    Arrays.fill(endless, (byte) 0x80);
    assertThatThrownBy(() -> new ByteReader(endless).readVarint())
        .isInstanceOf(StoreException.class);
  }
}
