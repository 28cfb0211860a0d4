package io.varve.client.commands;

import java.util.Objects;
import java.util.function.LongSupplier;

/**
 * Where the position comes from after which no conflicting event may exist. It is taken before
 * {@code handle()} runs, and only for commands that have a flagged tag.
 *
 * <p>Safe is any position that is no newer than the state {@code handle()} decides by. An older one
 * only adds conflicts.
 */
public sealed interface Boundary {

  /**
   * The head, asked for before every {@code handle()}, together with other commands that ask at the
   * time ({@link io.varve.client.VarveClient#recentHead}); after a conflict, asked for anew. The
   * default. Right for a {@code handle()} that needs nothing but the command, or reads the log.
   */
  static Boundary fresh() {
    return FromLog.FRESH;
  }

  /**
   * The newest head the client has learned from any answer, without asking; asked for only if there
   * is none yet, and when a decision is made again after a conflict. As safe as {@link #fresh()}
   * and saves a round trip; a client that has been idle sees more conflicts.
   */
  static Boundary known() {
    return FromLog.KNOWN;
  }

  /**
   * A position of the application's own: for a {@code handle()} that reads state of its own, such
   * as a projection, which may be behind the log.
   *
   * @param position gives, before every {@code handle()}, a position up to which that state has
   *     come; 0 or more
   */
  static Boundary of(LongSupplier position) {
    return new Given(position);
  }

  /** A head. */
  enum FromLog implements Boundary {
    /** Asked for. */
    FRESH,
    /** Already known. */
    KNOWN
  }

  /**
   * A position of the application's own.
   *
   * @param position gives it
   */
  record Given(LongSupplier position) implements Boundary {
    public Given {
      Objects.requireNonNull(position, "position");
    }
  }
}
