package io.varve.gateway.identity;

/** Whether callers must show who they are. */
public enum IdentityMode {
  /** Each client has a key pair, proves that it holds it, and gets a token for a short time. */
  KEYS("keys"),
  /** Everybody may do everything. For trials on one machine; logged loudly. */
  OPEN("open");

  private final String word;

  IdentityMode(String word) {
    this.word = word;
  }

  /** How configuration and answers call it. */
  public String word() {
    return word;
  }
}
