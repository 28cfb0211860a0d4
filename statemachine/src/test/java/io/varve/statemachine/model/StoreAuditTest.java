package io.varve.statemachine.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.varve.proto.replicated.v1.AppendBatch;
import io.varve.proto.replicated.v1.Command;
import io.varve.proto.replicated.v1.Founding;
import io.varve.proto.v1.Append;
import io.varve.proto.v1.AppendId;
import io.varve.proto.v1.NewEvent;
import io.varve.proto.v1.Origin;
import io.varve.statemachine.EmptyStoreException;
import io.varve.statemachine.LogCore;
import io.varve.statemachine.StoreAudit;
import io.varve.statemachine.StoreAudit.Report;
import io.varve.statemachine.StoreException;
import io.varve.statemachine.StoreOptions;
import io.varve.statemachine.model.RawStore.Row;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** A sound store has no problem, and no damage goes unseen. */
class StoreAuditTest {

  /** Beyond the first kept chain hash. */
  private static final int EVENTS = 1_100;

  private static final int EVENTS_PER_APPEND = 4;

  private static final Scratch SCRATCH = new Scratch();
  private static Path sound = Path.of("");

  @BeforeAll
  static void writeASoundStore() {
    Path store = SCRATCH.fresh("store");
    sound = SCRATCH.fresh("sound");
    try (LogCore core = LogCore.open(store, StoreOptions.defaults())) {
      long index = 0;
      core.apply(1, index++, founding().toByteString());
      for (int n = 0; n < EVENTS; n += EVENTS_PER_APPEND) {
        core.apply(1, index++, appends(n).toByteString());
      }
      core.checkpoint(sound);
    }
  }

  @AfterAll
  static void cleanUp() {
    SCRATCH.close();
  }

  @Test
  void aSoundStoreHasNoProblem() {
    Report report = StoreAudit.run(sound);

    assertThat(report.problems()).isEmpty();
    assertThat(report.clean()).isTrue();
    assertThat(report.head()).isEqualTo(EVENTS);
    assertThat(report.chainPosition()).isEqualTo(EVENTS);
    assertThat(report.chainHash()).hasSize(64).isNotEqualTo("0".repeat(64));
    assertThat(report.appliedTerm()).isEqualTo(1);
    assertThat(report.appliedIndex()).isEqualTo(EVENTS / EVENTS_PER_APPEND);
    assertThat(report.logIdentity()).isEqualTo(founding().getFounding().getLogIdentity());
  }

  @Test
  void aNewStoreHasNoProblem() {
    Path store = SCRATCH.fresh("new");
    LogCore.open(store, StoreOptions.defaults()).close();

    Report report = StoreAudit.run(store);

    assertThat(report.problems()).isEmpty();
    assertThat(report.head()).isZero();
    assertThat(report.appliedIndex()).isEqualTo(-1);
    assertThat(report.chainHash()).isEqualTo("0".repeat(64));
  }

  @Test
  void theChainHashCanBeAskedAtAPosition() {
    Report early = StoreAudit.run(sound, 1_024);

    assertThat(early.clean()).isTrue();
    assertThat(early.chainPosition()).isEqualTo(1_024);
    assertThat(early.chainHash()).isNotEqualTo(StoreAudit.run(sound).chainHash());
    try (RawStore raw = RawStore.open(sound, true)) {
      assertThat(raw.rows("meta").stream().map(row -> HexFormat.of().formatHex(row.value())))
          .contains(early.chainHash());
    }
  }

  @Test
  void anAuditChangesNothing() throws IOException {
    Path copy = SCRATCH.copy(sound);
    Map<String, FileTime> before = files(copy);

    StoreAudit.run(copy);

    assertThat(files(copy)).isEqualTo(before);
  }

  @Test
  void whatIsNoStoreIsRefused() throws IOException {
    Path empty = Files.createDirectory(SCRATCH.fresh("empty"));

    assertThatThrownBy(() -> StoreAudit.run(empty)).isInstanceOf(StoreException.class);
    assertThatThrownBy(() -> StoreAudit.run(SCRATCH.fresh("absent")))
        .isInstanceOf(StoreException.class);
  }

  @Test
  void aStoreThatNothingWasFlushedToIsTold() {
    Path store = SCRATCH.fresh("unflushed");
    LogCore.open(store, StoreOptions.defaults().withFlushOnClose(false)).close();

    assertThatThrownBy(() -> StoreAudit.run(store))
        .isInstanceOf(EmptyStoreException.class)
        .hasMessageContaining("nothing was ever flushed");
  }

  @Test
  void problemsAreBoundedAndCounted() {
    Report report =
        audit(raw -> raw.rows("labels").forEach(row -> raw.delete("labels", row.key())));

    assertThat(report.problems()).hasSize(StoreAudit.MOST_PROBLEMS);
    assertThat(report.problemCount()).isGreaterThan(EVENTS);
  }

  @TestFactory
  Stream<DynamicTest> everyKindOfDamageIsFound() {
    Map<String, Damage> damages = new LinkedHashMap<>();
    damages.put(
        "a payload altered",
        new Damage(
            raw -> alterValue(raw, "events", key(500), record -> record[record.length - 1] ^= 1),
            "meta: the chain hash kept at 1024 is not that of the events",
            "meta: the chain hash at the head is not that of the events",
            "appends 497: the digest is not that of its events"));
    damages.put(
        "a salt altered",
        new Damage(
            raw -> alterValue(raw, "events", key(1_090), record -> record[record.length - 9] ^= 1),
            "meta: the chain hash at the head is not that of the events"));
    damages.put(
        "two records exchanged",
        new Damage(
            raw -> {
              byte[] one = value(raw, "events", key(10));
              raw.put("events", key(10), value(raw, "events", key(11)));
              raw.put("events", key(11), one);
            },
            "events 10: says that it is at 11",
            "events 11: says that it is at 10",
            "meta: the chain hash kept at 1024 is not that of the events"));
    damages.put(
        "a record missing",
        new Damage(
            raw -> raw.delete("events", key(10)),
            "events 10: missing, the next is 11",
            "appends 9: of its 4 events 3 are there"));
    damages.put(
        "the last record missing",
        new Damage(
            raw -> raw.delete("events", key(EVENTS)),
            "meta: head 1100, the newest event is at 1099"));
    damages.put(
        "an extra record",
        new Damage(
            raw -> raw.put("events", key(EVENTS + 1), value(raw, "events", key(EVENTS))),
            "events 1101: says that it is at 1100",
            "meta: head 1100, the newest event is at 1101"));
    damages.put(
        "a record cut short",
        new Damage(
            raw -> raw.put("events", key(7), Arrays.copyOf(value(raw, "events", key(7)), 20)),
            "events 0x0000000000000007: malformed: "));
    damages.put(
        "a version missing",
        new Damage(
            raw -> raw.delete("by_source", key(1, 3)),
            "by_source 1, 3: missing, the next version is 4",
            "by_source 1, 3: missing, the event is at "));
    damages.put(
        "an extra version",
        new Damage(
            raw -> raw.put("by_source", key(1, 900), key(900)),
            "by_source 1, 900: no event at 900 has this source and version"));
    damages.put(
        "a version at another position",
        new Damage(
            raw -> raw.put("by_source", key(1, 3), key(900)),
            "by_source 1, 3: no event at 900 has this source and version",
            "by_source 1, 3: names position 900, the event is at "));
    damages.put(
        "a posting missing",
        new Damage(
            raw -> raw.delete("labels", key(1, 1)), "labels 1, 1: missing, the event there has"));
    damages.put(
        "an extra posting",
        new Damage(
            raw -> raw.put("labels", key(1, EVENTS + 5), new byte[0]),
            "labels 1, 1105: no event has this label"));
    damages.put(
        "an extra list",
        new Damage(
            raw -> raw.put("labels", key(9_999, 3), new byte[0]),
            "labels 9999, 3: no event has this label"));
    damages.put(
        "a latest missing",
        new Damage(
            raw -> raw.delete("latest", last(raw, "latest").key()),
            "missing, an event with that key"));
    damages.put(
        "a latest that is not the newest",
        new Damage(
            raw ->
                alterValue(
                    raw,
                    "latest",
                    last(raw, "latest").key(),
                    value -> ByteBuffer.wrap(value).putLong(0, earlierWithSameKey(value))),
            "an event with that key is at "));
    damages.put(
        "an extra latest",
        new Damage(
            raw -> raw.put("latest", utf8(key(1), "nobody"), key(3)),
            "latest 1, \"nobody\": no event at 3 has this source and key"));
    damages.put(
        "a source missing",
        new Damage(
            raw -> raw.delete("sources", "source-3".getBytes(StandardCharsets.UTF_8)),
            "sources \"source-3\": missing, used by the event at "));
    damages.put(
        "an extra source",
        new Damage(
            raw -> raw.put("sources", "nobody".getBytes(StandardCharsets.UTF_8), key(77)),
            "with numbers up to 77"));
    damages.put(
        "a source's number given twice",
        new Damage(
            raw -> raw.put("sources", "nobody".getBytes(StandardCharsets.UTF_8), key(1)),
            "number 1 is another's too"));
    damages.put(
        "a name missing",
        new Damage(
            raw -> raw.delete("names", raw.rows("names").get(0).key()),
            "missing, used by the event"));
    damages.put(
        "an extra name",
        new Damage(
            raw -> raw.put("names", new byte[] {5, 'x'}, key(4_000)), "with numbers up to 4000"));
    damages.put(
        "a name of no kind",
        new Damage(
            raw -> raw.put("names", new byte[] {99, 'x'}, key(4_000)),
            "names 0x6378: malformed: "));
    damages.put(
        "a digest altered",
        new Damage(
            raw -> alterValue(raw, "appends", key(9), row -> row[20] ^= 1),
            "appends 9: the digest is not that of its events"));
    damages.put(
        "a count altered",
        new Damage(
            raw -> alterValue(raw, "appends", key(9), row -> row[32]++),
            "appends 9: the digest is not that of its events",
            "appends 9: its events have several recorded times",
            "appends 13: begins within the append that ends at 13"));
    damages.put(
        "an append above the head",
        new Damage(
            raw -> raw.put("appends", key(EVENTS), value(raw, "appends", key(9))),
            "appends 1100: 4 events, the head is 1100"));
    damages.put(
        "a kept chain hash altered",
        new Damage(
            raw -> alterValue(raw, "meta", chainKey(1_024), hash -> hash[0] ^= 1),
            "meta: the chain hash kept at 1024 is not that of the events"));
    damages.put(
        "a kept chain hash missing",
        new Damage(
            raw -> raw.delete("meta", chainKey(1_024)), "meta: no chain hash is kept at 1024"));
    damages.put(
        "an extra kept chain hash",
        new Damage(raw -> raw.put("meta", chainKey(1_000), new byte[32]), "meta 0x03", ": extra"));
    damages.put(
        "no settings",
        new Damage(raw -> raw.delete("meta", new byte[] {2}), "meta: the log has no identity"));
    damages.put(
        "no state",
        new Damage(
            raw -> raw.delete("meta", new byte[] {1}),
            "meta: head 0, the newest event is at 1100"));
    damages.put(
        "a local-first number missing",
        new Damage(
            raw -> raw.delete("by_origin", key(1, 2)),
            "by_origin 1, 2: missing, the next number is 3",
            "by_origin 1, 2: missing, the event is at "));
    damages.put(
        "the last void missing",
        new Damage(
            raw -> raw.delete("by_origin", last(raw, "by_origin").key()),
            "is not the last number that landed"));
    damages.put(
        "a local-first number at another position",
        new Damage(
            raw -> raw.put("by_origin", key(2, 1), key(3)),
            "by_origin 2, 1: no event at 3 has this origin and number",
            "by_origin 2, 1: names position 3, the event is at "));
    damages.put(
        "a local-first number made a void",
        new Damage(
            raw -> raw.put("by_origin", key(2, 1), key(0)),
            "by_origin 2, 1: names position 0, the event is at "));
    damages.put(
        "an extra local-first number",
        new Damage(
            raw -> raw.put("by_origin", key(7, 1), key(1)),
            "by_origin 4: no key of this number",
            "by_origin 7, 1: no event at 1 has this origin and number"));
    damages.put(
        "a malformed local-first number",
        new Damage(
            raw -> raw.put("by_origin", new byte[] {1}, key(1)), "by_origin 0x01: malformed: "));
    damages.put(
        "an origin missing",
        new Damage(
            raw -> raw.delete("origins", last(raw, "origins").key()),
            "missing, used by the event at ",
            "origins: 2 names with numbers up to "));
    damages.put(
        "an origin's last number altered",
        new Damage(
            raw -> alterValue(raw, "origins", last(raw, "origins").key(), row -> row[15]--),
            "is not the last number that landed"));
    damages.put(
        "an origin's number given twice",
        new Damage(
            raw -> raw.put("origins", last(raw, "origins").key(), key(1, 1)),
            "number 1 is another's too"));
    damages.put(
        "the count of origins altered",
        new Damage(
            raw -> raw.put("origins", new byte[0], key(9)),
            "origins: 9 are counted, 3 have numbers"));
    String[] state = {
      "",
      "",
      "meta: head ",
      "meta: recorded time ",
      "meta: the next number of sources is ",
      "meta: the next number of names is "
    };
    for (int field = 2; field < state.length; field++) {
      int lowestByte = 8 * field + 7;
      damages.put(
          state[field] + "altered",
          new Damage(
              raw -> alterValue(raw, "meta", new byte[] {1}, row -> row[lowestByte] ^= 1),
              state[field]));
    }
    return damages.entrySet().stream()
        .map(
            damage ->
                DynamicTest.dynamicTest(
                    damage.getKey(),
                    () -> {
                      Report report = audit(damage.getValue().deed);
                      assertThat(report.clean()).isFalse();
                      for (String sign : damage.getValue().signs) {
                        assertThat(report.problems())
                            .as(sign)
                            .anyMatch(problem -> problem.contains(sign));
                      }
                    }));
  }

  /**
   * Any row lost and any bit turned is found, in every column family; but for what nothing else in
   * the store speaks of: that an append id was remembered and which it was, the applied index and
   * term, and the settings.
   */
  @Test
  void noRandomDamageGoesUnseen() {
    Random random = new Random(20261121);
    List<String> columns =
        List.of(
            "events",
            "by_source",
            "sources",
            "labels",
            "names",
            "latest",
            "origins",
            "by_origin",
            "appends",
            "meta");
    for (int i = 0; i < 80; i++) {
      String column = columns.get(i % columns.size());
      String[] done = {""};
      Consumer<RawStore> damage =
          raw -> {
            List<Row> rows = raw.rows(column);
            Row row = rows.get(random.nextInt(rows.size()));
            boolean lost = random.nextInt(3) == 0 && !column.equals("appends");
            int bit = bit(random, column, row);
            if (bit < 0 || lost) {
              raw.delete(column, row.key());
            } else {
              row.value()[bit / 8] ^= (byte) (1 << (bit % 8));
              raw.put(column, row.key(), row.value());
            }
            done[0] =
                column
                    + " "
                    + HexFormat.of().formatHex(row.key())
                    + (bit < 0 || lost ? " lost" : " bit " + bit + " turned");
          };
      assertThat(isFound(damage)).as("%s", done[0]).isTrue();
    }
  }

  private static boolean isFound(Consumer<RawStore> damage) {
    try {
      return !audit(damage).clean();
    } catch (StoreException e) {
      return true; // Without its format it is no store any more.
    }
  }

  /** A bit of a row's value that can be checked; −1 if it has none. */
  private static int bit(Random random, String column, Row row) {
    int from = 0;
    int to = row.value().length;
    if (column.equals("appends")) {
      from = 16; // Behind the id.
    } else if (column.equals("meta") && row.key().length == 1) {
      from = row.key()[0] == 1 ? 16 : to; // Behind the term and the index; settings not at all.
    }
    return from >= to ? -1 : 8 * from + random.nextInt(8 * (to - from));
  }

  // ---- Damage

  /** What is done to a store, and what problems must speak of. */
  private static final class Damage {
    private final Consumer<RawStore> deed;
    private final List<String> signs;

    Damage(Consumer<RawStore> deed, String... signs) {
      this.deed = deed;
      this.signs = List.of(signs);
    }
  }

  private static Report audit(Consumer<RawStore> damage) {
    Path copy = SCRATCH.copy(sound);
    try (RawStore raw = RawStore.open(copy, false)) {
      damage.accept(raw);
    }
    try {
      return StoreAudit.run(copy);
    } finally {
      Scratch.delete(copy);
    }
  }

  private static void alterValue(
      RawStore raw, String column, byte[] key, Consumer<byte[]> alteration) {
    byte[] value = value(raw, column, key);
    alteration.accept(value);
    raw.put(column, key, value);
  }

  private static byte[] value(RawStore raw, String column, byte[] key) {
    return raw.rows(column).stream()
        .filter(row -> Arrays.equals(row.key(), key))
        .findFirst()
        .orElseThrow()
        .value();
  }

  private static Row last(RawStore raw, String column) {
    List<Row> rows = raw.rows(column);
    return rows.get(rows.size() - 1);
  }

  /** Events of one source and key come every 5 × 7 positions. */
  private static long earlierWithSameKey(byte[] position) {
    return ByteBuffer.wrap(position).getLong() - 35;
  }

  private static byte[] key(long number) {
    return ByteBuffer.allocate(8).putLong(number).array();
  }

  private static byte[] key(long first, long second) {
    return ByteBuffer.allocate(16).putLong(first).putLong(second).array();
  }

  private static byte[] chainKey(long position) {
    return ByteBuffer.allocate(9).put((byte) 3).putLong(position).array();
  }

  private static byte[] utf8(byte[] prefix, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(prefix.length + bytes.length).put(prefix).put(bytes).array();
  }

  private static Map<String, FileTime> files(Path directory) throws IOException {
    Map<String, FileTime> files = new TreeMap<>();
    try (Stream<Path> list = Files.list(directory)) {
      for (Path file : list.toList()) {
        files.put(file.getFileName().toString(), Files.getLastModifiedTime(file));
      }
    }
    return files;
  }

  // ---- A sound store

  private static Command founding() {
    return Command.newBuilder()
        .setFormat(1)
        .setFounding(
            Founding.newBuilder()
                .setLogIdentity(Planner.id(1))
                .setLog("default")
                .setDedupWindow(EVENTS)
                .setScopeStepLimit(1_000))
        .build();
  }

  /** One append with an id, or every tenth time a run of one of three buffers, with a void. */
  private static Command appends(int from) {
    Append.Builder append = Append.newBuilder();
    if (from % 40 == 36) {
      long run = from / 40;
      long first = run / 3 * (EVENTS_PER_APPEND + 1) + 1;
      append.setOrigin(
          Origin.newBuilder()
              .setClientId("client")
              .setBufferId("buffer-" + run % 3)
              .setFirstSequence(first)
              .addVoids(first + EVENTS_PER_APPEND));
    } else {
      append.setAppendId(AppendId.newBuilder().setId(Planner.id(from)).setKnownPosition(from));
    }
    for (int n = from; n < from + EVENTS_PER_APPEND; n++) {
      append.addEvents(
          NewEvent.newBuilder()
              .setSource("source-" + n % 5)
              .setType("Type" + n % 3)
              .setSourceType(n % 2 == 0 ? "Thing" : "")
              .setStreamId("2026-" + n / 100)
              .addTags("n:" + n)
              .addTags("seven:" + n % 7)
              .setKey("key-" + n % 7)
              .setData(ByteString.copyFromUtf8("{\"n\":" + n + "}")));
    }
    return Planner.command(
        AppendBatch.newBuilder()
            .setRecordedMicros(1_000L + from)
            .setSaltSeed(Planner.id(from))
            .addAppends(append));
  }
}
