package io.varve.statemachine.dedup;

/**
 * Which append ids are remembered, and where their events begin: 128-bit id → first position.
 *
 * <p>The ids stand in a ring in log order, so that forgetting takes from its old end; an
 * open-addressing table of ring slots, at most half full, finds them. One million ids take 34 MB.
 * It grows by doubling with the ids it holds; those are bounded by the window plus one entry.
 *
 * <p>Thread-safe: one thread writes, any may look up.
 */
public final class AppendIndex {

  private static final int INITIAL_CAPACITY = 1_024;
  private static final int EMPTY = 0;

  /** The ring; its capacity is a power of two. */
  private long[] highs = new long[INITIAL_CAPACITY];

  private long[] lows = new long[INITIAL_CAPACITY];
  private long[] firstPositions = new long[INITIAL_CAPACITY];

  /** How many ids were ever forgotten, and ever added: the ring holds those between. */
  private long forgotten;

  private long added;

  /** Ring slots, each plus one; {@link #EMPTY} otherwise. Twice as many as the ring has. */
  private int[] table = new int[2 * INITIAL_CAPACITY];

  /** The first position of an id's append; 0 if the id is not remembered. */
  public synchronized long find(long high, long low) {
    int at = locate(high, low);
    return table[at] == EMPTY ? 0 : firstPositions[table[at] - 1];
  }

  /**
   * Remembers an id.
   *
   * @param firstPosition greater than that of every id added before
   */
  public synchronized void add(long high, long low, long firstPosition) {
    if (added - forgotten == highs.length) {
      grow();
    }
    int slot = slot(added++);
    highs[slot] = high;
    lows[slot] = low;
    firstPositions[slot] = firstPosition;
    // An id used again after its window is found at its newer place.
    table[locate(high, low)] = slot + 1;
  }

  /** Forgets the ids of appends that begin at or below a position. */
  public synchronized void forgetUpTo(long position) {
    while (forgotten < added && firstPositions[slot(forgotten)] <= position) {
      int slot = slot(forgotten++);
      int at = locate(highs[slot], lows[slot]);
      if (table[at] == slot + 1) {
        delete(at);
      }
    }
  }

  /** How many ids it holds. */
  public synchronized int size() {
    return (int) (added - forgotten);
  }

  /** Where in the table an id stands, or would stand. */
  private int locate(long high, long low) {
    int at = home(high, low);
    while (table[at] != EMPTY && !holds(table[at] - 1, high, low)) {
      at = next(at);
    }
    return at;
  }

  private boolean holds(int slot, long high, long low) {
    return lows[slot] == low && highs[slot] == high;
  }

  /** Empties a place in the table, moving up those behind it that it had displaced. */
  private void delete(int at) {
    int hole = at;
    for (int i = next(at); table[i] != EMPTY; i = next(i)) {
      int slot = table[i] - 1;
      int home = home(highs[slot], lows[slot]);
      boolean reachesOverHole =
          ((i - home) & (table.length - 1)) >= ((i - hole) & (table.length - 1));
      if (reachesOverHole) {
        table[hole] = table[i];
        hole = i;
      }
    }
    table[hole] = EMPTY;
  }

  private void grow() {
    int capacity = Math.multiplyExact(highs.length, 2);
    long[] grownHighs = new long[capacity];
    long[] grownLows = new long[capacity];
    long[] grownPositions = new long[capacity];
    for (long i = forgotten; i < added; i++) {
      int from = slot(i);
      int to = (int) (i & (capacity - 1));
      grownHighs[to] = highs[from];
      grownLows[to] = lows[from];
      grownPositions[to] = firstPositions[from];
    }
    highs = grownHighs;
    lows = grownLows;
    firstPositions = grownPositions;
    table = new int[Math.multiplyExact(capacity, 2)];
    for (long i = forgotten; i < added; i++) {
      int slot = slot(i);
      table[locate(highs[slot], lows[slot])] = slot + 1;
    }
  }

  private int slot(long ordinal) {
    return (int) (ordinal & (highs.length - 1));
  }

  private int next(int at) {
    return (at + 1) & (table.length - 1);
  }

  private int home(long high, long low) {
    long mixed = (high ^ Long.rotateLeft(low, 32)) * 0x9E3779B97F4A7C15L;
    return (int) (mixed >>> 32) & (table.length - 1);
  }
}
