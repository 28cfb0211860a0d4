package io.varve.statemachine.condition;

/** The kinds of labels that scopes and filters can name. */
public enum LabelKind {
  /** The source type. */
  SOURCE_TYPE(1),
  /** The stream type. */
  STREAM_TYPE(2),
  /** The stream id. */
  STREAM_ID(3),
  /** The event type. */
  EVENT_TYPE(4),
  /** A tag. */
  TAG(5);

  private final int code;

  LabelKind(int code) {
    this.code = code;
  }

  /** The number that stands for this kind in the store, 1 to 127; never changes. */
  public int code() {
    return code;
  }

  /**
   * The kind with a code.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static LabelKind of(int code) {
    for (LabelKind kind : values()) {
      if (kind.code == code) {
        return kind;
      }
    }
    throw new IllegalArgumentException("no label kind has code " + code);
  }
}
