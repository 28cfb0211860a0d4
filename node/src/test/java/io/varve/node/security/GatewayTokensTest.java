package io.varve.node.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class GatewayTokensTest {
  private static final String FIRST = "first-0123456789abcdef0123456789";
  private static final String SECOND = "second-0123456789abcdef012345678";

  @Test
  void eachOfThemIsOneAndNothingElseIs() {
    GatewayTokens tokens = GatewayTokens.of(List.of(FIRST, SECOND));

    assertThat(tokens.required()).isTrue();
    assertThat(tokens.include(FIRST)).isTrue();
    assertThat(tokens.include(SECOND)).isTrue();
    assertThat(tokens.include("")).isFalse();
    assertThat(tokens.include(FIRST + "0")).isFalse();
    assertThat(tokens.include(FIRST.substring(1))).isFalse();
    assertThat(tokens.include("F" + FIRST.substring(1))).isFalse();
    assertThat(tokens.own()).contains(FIRST);
  }

  @Test
  void noneIncludesNothingAndAsksForNothing() {
    assertThat(GatewayTokens.of(List.of()).required()).isFalse();
    assertThat(GatewayTokens.none().include("")).isFalse();
    assertThat(GatewayTokens.none().own()).isEmpty();
  }

  @Test
  void whatCannotBeATokenIsRefusedByItsPlaceAndNeverShown() {
    String shortOne = "secret";
    assertThatThrownBy(() -> GatewayTokens.of(List.of(FIRST, shortOne)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("token 2 has 6 characters; a token has 32 to 512");
    assertThatThrownBy(() -> GatewayTokens.of(List.of("a".repeat(513))))
        .hasMessageContaining("token 1 has 513 characters");
    for (String bad : List.of(" ", ",", "\n", "\u00e9", "\u007f")) {
      assertThatThrownBy(() -> GatewayTokens.of(List.of(FIRST + bad)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("token 1 has a character that is ")
          .hasMessageNotContaining(FIRST);
    }
    assertThatThrownBy(() -> GatewayTokens.of(Collections.nCopies(17, FIRST)))
        .hasMessage("there are 17 tokens; at most 16 are allowed");
    assertThat(GatewayTokens.of(List.of("a".repeat(512))).required()).isTrue();
  }

  @Test
  void whatItSaysOfItselfShowsNone() {
    assertThat(GatewayTokens.of(List.of(FIRST, SECOND))).hasToString("2 gateway tokens");
  }
}
