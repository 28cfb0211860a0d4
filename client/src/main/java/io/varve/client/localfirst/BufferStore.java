package io.varve.client.localfirst;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import org.h2.mvstore.Cursor;
import org.h2.mvstore.DataUtils;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;
import org.h2.mvstore.MVStoreException;
import org.h2.mvstore.type.DataType;
import org.h2.mvstore.type.LongDataType;
import org.h2.mvstore.type.StringDataType;

/**
 * The buffer's file: an H2 MVStore. Nothing but this class knows how it is laid out. Everything
 * that was changed since the last {@link #commit} becomes part of the file together or not at all;
 * a file that a crash left torn opens as of the last commit that is whole. One thread at a time,
 * and never one that may be interrupted: that would close the file.
 *
 * <table>
 * <caption>Maps</caption>
 * <tr><td>{@code meta}<td>the buffer id, the log identity, the last number, the client id
 * <tr><td>{@code queue}<td>number → event JSON, or nothing for a void; contiguous
 * <tr><td>{@code seen}<td>number → position; in the queue, but has come back from the log
 * <tr><td>{@code problems}<td>number → why the log refuses it for good
 * <tr><td>{@code landed}<td>position → own event that has landed and has not come back yet
 * <tr><td>{@code sources}<td>source → its number here, what is kept of it, up to which position
 * <tr><td>{@code states}<td>source's number and key, or position → event JSON
 * </table>
 */
final class BufferStore implements AutoCloseable {

  /** How much of the file's pages stays in memory. */
  private static final int CACHE_MIB = 4;

  /** Commits after which the file is looked at for space to win back. */
  private static final int COMMITS_BETWEEN_COMPACTIONS = 256;

  /** Below which share of living pages chunks are rewritten, and how much at a time. */
  private static final int FILL_RATE_PERCENT = 50;

  private static final int COMPACTION_BYTES = 4 << 20;
  private static final int CLOSE_COMPACTION_MILLIS = 200;

  /**
   * The files that are open in this process. Opening a file a second time and closing it again
   * would release the first one's lock (that is how POSIX has it), so it is not even tried.
   */
  private static final Set<Path> OPEN = ConcurrentHashMap.newKeySet();

  private static final String FORMAT = "1";

  private final Path file;
  private final MVStore store;
  private final MVMap<String, String> meta;
  private final MVMap<Long, String> queue;
  private final MVMap<Long, Long> seen;
  private final MVMap<Long, String> problems;
  private final MVMap<Long, String> landed;
  private final MVMap<String, String> sources;
  private final MVMap<String, String> states;
  private long commits;

  private BufferStore(Path file, MVStore store) {
    this.file = file;
    this.store = store;
    StringDataType text = StringDataType.INSTANCE;
    LongDataType number = LongDataType.INSTANCE;
    meta = store.openMap("meta", types(text, text));
    queue = store.openMap("queue", types(number, text));
    seen = store.openMap("seen", types(number, number));
    problems = store.openMap("problems", types(number, text));
    landed = store.openMap("landed", types(number, text));
    sources = store.openMap("sources", types(text, text));
    states = store.openMap("states", types(text, text));
  }

  private static <K, V> MVMap.Builder<K, V> types(DataType<K> key, DataType<V> value) {
    return new MVMap.Builder<K, V>().keyType(key).valueType(value);
  }

  /**
   * Opens the file, or makes it.
   *
   * @throws LocalBufferException if another buffer has it open, here or in another process, or it
   *     cannot be read
   */
  static BufferStore open(Path file, String clientId) {
    Path real;
    try {
      OwnerOnlyFiles.make(file);
      real = file.toRealPath();
    } catch (IOException e) {
      throw new LocalBufferException("cannot make the buffer's file " + file + ": " + e, e);
    }
    if (!OPEN.add(real)) {
      throw new LocalBufferException(
          file + " is open in this process already: one LocalBuffer serves all of it", null);
    }
    boolean opened = false;
    try {
      BufferStore store = new BufferStore(real, openStore(real));
      try {
        store.begin(clientId);
        opened = true;
        return store;
      } finally {
        if (!opened) {
          store.store.closeImmediately();
        }
      }
    } finally {
      if (!opened) {
        OPEN.remove(real);
      }
    }
  }

  private static MVStore openStore(Path file) {
    try {
      return new MVStore.Builder()
          .fileName(file.toString())
          // Only commit() writes: an event and its number must never be written apart, neither by
          // a background thread nor because much is waiting.
          .autoCommitDisabled()
          .autoCommitBufferSize(0)
          .cacheSize(CACHE_MIB)
          .open();
    } catch (MVStoreException e) {
      if (e.getErrorCode() == DataUtils.ERROR_FILE_LOCKED) {
        throw new LocalBufferException(
            file + " is open in another process. Close that, or use another name or directory", e);
      }
      throw new LocalBufferException(
          file
              + " cannot be opened: "
              + e.getMessage()
              + ". If it is damaged, move it away: a new one starts, under a new buffer id",
          e);
    }
  }

  private void begin(String clientId) {
    String format = meta.get("format");
    if (format == null) {
      meta.put("format", FORMAT);
      meta.put("client", clientId);
      meta.put("buffer", UUID.randomUUID().toString());
      meta.put("last", "0");
      commit(true);
      try {
        OwnerOnlyFiles.syncDirectory(file);
      } catch (IOException e) {
        throw new LocalBufferException("cannot make " + file + " durable: " + e, e);
      }
      return;
    }
    if (!format.equals(FORMAT)) {
      throw new LocalBufferException(
          file + " has format " + format + ", which is newer than this version understands", null);
    }
    if (!clientId.equals(meta.get("client"))) {
      throw new LocalBufferException(
          file
              + " belongs to client "
              + meta.get("client")
              + ", not to "
              + clientId
              + ": use the key it was made with, or another name or directory",
          null);
    }
  }

  /** Makes all changes since the last commit part of the file; with {@code sync} on disk. */
  void commit(boolean sync) {
    try {
      if (store.hasUnsavedChanges()) {
        store.commit();
        if (++commits % COMMITS_BETWEEN_COMPACTIONS == 0) {
          store.compact(FILL_RATE_PERCENT, COMPACTION_BYTES);
        }
      }
      if (sync) {
        store.sync();
      }
    } catch (MVStoreException e) {
      throw new LocalBufferException("cannot write " + file + ": " + e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    try {
      if (!store.isClosed()) {
        store.close(CLOSE_COMPACTION_MILLIS);
      }
    } catch (MVStoreException e) {
      store.closeImmediately();
    } finally {
      OPEN.remove(file);
    }
  }

  // --- the buffer ---

  String bufferId() {
    return required("buffer");
  }

  void bufferId(String bufferId) {
    meta.put("buffer", bufferId);
  }

  Optional<UUID> logIdentity() {
    return Optional.ofNullable(meta.get("log")).map(UUID::fromString);
  }

  void logIdentity(UUID identity) {
    meta.put("log", identity.toString());
  }

  /** The newest number that was given; 0 = none yet. */
  long lastNumber() {
    return Long.parseLong(required("last"));
  }

  void lastNumber(long number) {
    meta.put("last", Long.toString(number));
  }

  private String required(String name) {
    String value = meta.get(name);
    if (value == null) {
      throw new LocalBufferException(file + " is damaged: it has no '" + name + "'", null);
    }
    return value;
  }

  // --- the queue ---

  /** Puts an event under a number, or a void: an empty text. */
  void enqueue(long number, String json) {
    queue.put(number, json);
  }

  Optional<String> queued(long number) {
    return Optional.ofNullable(queue.get(number));
  }

  /** What is queued from a number on, in order. */
  Cursor<Long, String> queuedFrom(long number) {
    return queue.cursor(number);
  }

  long queueSize() {
    return queue.sizeAsLong();
  }

  void dequeue(long number) {
    queue.remove(number);
    seen.remove(number);
    problems.remove(number);
  }

  void clearQueue() {
    queue.clear();
    seen.clear();
    problems.clear();
  }

  void seen(long number, long position) {
    seen.put(number, position);
  }

  boolean seen(long number) {
    return seen.containsKey(number);
  }

  void problem(long number, LocalProblem problem) {
    problems.put(number, problem.code() + "\n" + problem.detail());
  }

  void clearProblem(long number) {
    problems.remove(number);
  }

  void clearProblems() {
    problems.clear();
  }

  /** The numbers that are refused for good, and why. */
  Map<Long, LocalProblem> problems() {
    Map<Long, LocalProblem> all = new TreeMap<>();
    problems.forEach(
        (number, text) -> {
          String[] parts = text.split("\n", 2);
          all.put(number, new LocalProblem(parts[0], parts[1]));
        });
    return all;
  }

  // --- what has landed and not come back ---

  /** An own event that has landed. */
  record Landed(String bufferId, long number, String json) {}

  void landed(long position, Landed event) {
    landed.put(position, event.bufferId() + "\n" + event.number() + "\n" + event.json());
  }

  void clearLanded(long position) {
    landed.remove(position);
  }

  /** By position. */
  Map<Long, Landed> landed() {
    Map<Long, Landed> all = new LinkedHashMap<>();
    landed.forEach(
        (position, text) -> {
          String[] parts = text.split("\n", 3);
          all.put(position, new Landed(parts[0], Long.parseLong(parts[1]), parts[2]));
        });
    return all;
  }

  // --- sources ---

  /** What is kept of a source: its number here, what of it, and up to which position. */
  record Kept(int number, String kind, long position) {}

  Optional<Kept> source(String name) {
    return Optional.ofNullable(sources.get(name)).map(BufferStore::kept);
  }

  void source(String name, Kept kept) {
    sources.put(name, kept.number() + " " + kept.kind() + " " + kept.position());
  }

  Map<String, Kept> sources() {
    Map<String, Kept> all = new HashMap<>();
    sources.forEach((name, text) -> all.put(name, kept(text)));
    return all;
  }

  private static Kept kept(String text) {
    String[] parts = text.split(" ", 3);
    return new Kept(Integer.parseInt(parts[0]), parts[1], Long.parseLong(parts[2]));
  }

  void state(int source, String key, String json) {
    states.put(prefix(source) + key, json);
  }

  void clearState(int source, String key) {
    states.remove(prefix(source) + key);
  }

  /** Everything kept of a source, in the order of its keys. */
  void states(int source, BiConsumer<String, String> each) {
    String prefix = prefix(source);
    Cursor<String, String> all = states.cursor(prefix);
    while (all.hasNext() && all.next().startsWith(prefix)) {
      each.accept(all.getKey().substring(prefix.length()), all.getValue());
    }
  }

  void clearStates(int source) {
    String prefix = prefix(source);
    String key = states.ceilingKey(prefix);
    while (key != null && key.startsWith(prefix)) {
      states.remove(key);
      key = states.higherKey(key);
    }
  }

  private static String prefix(int source) {
    return String.format(Locale.ROOT, "%08x:", source);
  }
}
