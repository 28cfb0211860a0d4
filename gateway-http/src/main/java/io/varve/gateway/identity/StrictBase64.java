package io.varve.gateway.identity;

import java.util.Base64;

/**
 * Base64url without padding, in its one canonical form: what has two spellings could be altered
 * without being another.
 */
final class StrictBase64 {

  private StrictBase64() {}

  static String encode(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  /**
   * The bytes.
   *
   * @throws IllegalArgumentException if the text is anything else, bits that carry nothing included
   */
  static byte[] decode(String text) {
    byte[] bytes;
    try {
      bytes = Base64.getUrlDecoder().decode(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("is not base64url: " + e.getMessage());
    }
    if (!encode(bytes).equals(text)) {
      throw new IllegalArgumentException("is not base64url without padding in its canonical form");
    }
    return bytes;
  }
}
