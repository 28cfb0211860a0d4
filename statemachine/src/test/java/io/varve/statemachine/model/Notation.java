package io.varve.statemachine.model;

import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import io.varve.proto.replicated.v1.AppendBatch;
import io.varve.proto.replicated.v1.Command;
import io.varve.proto.replicated.v1.Founding;
import io.varve.proto.v1.Append;
import io.varve.proto.v1.AppendId;
import io.varve.proto.v1.ConcurrencyScope;
import io.varve.proto.v1.Condition;
import io.varve.proto.v1.Existence;
import io.varve.proto.v1.ExpectedVersion;
import io.varve.proto.v1.Filter;
import io.varve.proto.v1.FilterItem;
import io.varve.proto.v1.NewEvent;
import io.varve.proto.v1.Origin;
import io.varve.statemachine.Outcome;
import io.varve.statemachine.Outcome.Appended;
import io.varve.statemachine.Outcome.Conflict;
import io.varve.statemachine.Outcome.ConflictingEvent;
import io.varve.statemachine.Outcome.FailedCondition;
import io.varve.statemachine.Outcome.Refused;
import io.varve.statemachine.StoredEvent;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.StringTokenizer;
import java.util.UUID;

/**
 * How transcripts write things, described in {@code transcripts/README.md}. What it writes of a
 * command it can read again, so that a counterexample found by a property is a transcript.
 */
final class Notation {

  private static final String EMPTY = "\"\"";
  private static final HexFormat HEX = HexFormat.of();

  private Notation() {}

  // ---- Reading

  /** The words of a line; {@code ""} is the empty word. */
  static List<String> words(String line) {
    List<String> words = new ArrayList<>();
    StringTokenizer tokens = new StringTokenizer(line, " ");
    while (tokens.hasMoreTokens()) {
      String word = tokens.nextToken();
      words.add(word.equals(EMPTY) ? "" : word);
    }
    return words;
  }

  /** {@code founding window=N [steps=N]}. */
  static Command founding(List<String> words) {
    Founding.Builder founding =
        Founding.newBuilder()
            .setLogIdentity(appendId("log"))
            .setLog("default")
            .setDedupWindow(1_000_000)
            .setScopeStepLimit(100_000);
    for (String word : rest(words, 1)) {
      switch (name(word)) {
        case "window" -> founding.setDedupWindow(number(value(word)));
        case "steps" -> founding.setScopeStepLimit(number(value(word)));
        default -> throw unknown(word);
      }
    }
    return Command.newBuilder().setFormat(1).setFounding(founding).build();
  }

  /** {@code entry [recorded=MICROS]}. */
  static AppendBatch.Builder entry(List<String> words) {
    AppendBatch.Builder batch =
        AppendBatch.newBuilder().setSaltSeed(appendId("salt")).setRecordedMicros(0);
    for (String word : rest(words, 1)) {
      switch (name(word)) {
        case "recorded" -> batch.setRecordedMicros(number(value(word)));
        case "salt" -> batch.setSaltSeed(ByteString.copyFrom(HEX.parseHex(value(word))));
        default -> throw unknown(word);
      }
    }
    return batch;
  }

  /**
   * {@code append [id=NAME] [known=POSITION]}, or {@code append client=C buffer=B first=N
   * [void=N]…}.
   */
  static Append.Builder append(List<String> words) {
    Append.Builder append = Append.newBuilder();
    for (String word : rest(words, 1)) {
      switch (name(word)) {
        case "id" -> append.getAppendIdBuilder().setId(appendId(value(word)));
        case "known" -> append.getAppendIdBuilder().setKnownPosition(number(value(word)));
        case "client" -> append.getOriginBuilder().setClientId(value(word));
        case "buffer" -> append.getOriginBuilder().setBufferId(value(word));
        case "first" -> append.getOriginBuilder().setFirstSequence(number(value(word)));
        case "void" -> append.getOriginBuilder().addVoids(number(value(word)));
        default -> throw unknown(word);
      }
    }
    return append;
  }

  /** {@code event SOURCE TYPE [LABEL…]}. */
  static NewEvent event(List<String> words) {
    NewEvent.Builder event = NewEvent.newBuilder().setSource(words.get(1)).setType(words.get(2));
    for (String word : rest(words, 3)) {
      String value = value(word);
      switch (name(word)) {
        case "source-type" -> event.setSourceType(value);
        case "stream-type" -> event.setStreamType(value);
        case "stream-id" -> event.setStreamId(value);
        case "tag" -> event.addTags(value);
        case "key" -> event.setKey(value);
        case "tombstone" -> event.setTombstone(true);
        case "data" -> event.setData(ByteString.copyFromUtf8(value));
        case "content-type" -> event.setContentType(value);
        case "metadata" -> event.setMetadata(ByteString.copyFromUtf8(value));
        case "occurred" -> event.setOccurred(timestamp(value));
        case "event-id" -> event.setId(value);
        default -> throw unknown(word);
      }
    }
    return event.build();
  }

  /** {@code expect SOURCE version=N|exists|none}. */
  static Condition expectation(List<String> words) {
    if (words.size() == 1) {
      return Condition.getDefaultInstance();
    }
    ExpectedVersion.Builder expected = ExpectedVersion.newBuilder().setSource(words.get(1));
    for (String word : rest(words, 2)) {
      switch (name(word)) {
        case "version" -> expected.setExactly(number(value(word)));
        case "exists" -> expected.setExistence(Existence.EXISTENCE_MUST_EXIST);
        case "none" -> expected.setExistence(Existence.EXISTENCE_MUST_NOT_EXIST);
        default -> throw unknown(word);
      }
    }
    return Condition.newBuilder().setExpectedVersion(expected).build();
  }

  /** {@code scope after=POSITION ITEM [or ITEM…]}. */
  static Condition scope(List<String> words) {
    if (!name(words.get(1)).equals("after")) {
      throw unknown(words.get(1));
    }
    return Condition.newBuilder()
        .setConcurrencyScope(
            ConcurrencyScope.newBuilder()
                .setAfter(number(value(words.get(1))))
                .setFilter(filter(rest(words, 2))))
        .build();
  }

  /** {@code ITEM [or ITEM…]}. */
  static Filter filter(List<String> words) {
    Filter.Builder filter = Filter.newBuilder();
    FilterItem.Builder item = FilterItem.newBuilder();
    for (String word : words) {
      if (word.equals("or")) {
        filter.addAnyOf(item);
        item = FilterItem.newBuilder();
        continue;
      }
      String value = value(word);
      switch (name(word)) {
        case "source" -> item.setSource(value);
        case "source-type" -> item.setSourceType(value);
        case "stream-type" -> item.setStreamType(value);
        case "stream-id" -> item.setStreamId(value);
        case "type" -> item.addTypes(value);
        case "tag" -> item.addTags(value);
        default -> throw unknown(word);
      }
    }
    if (!words.isEmpty()) {
      filter.addAnyOf(item);
    }
    return filter.build();
  }

  /** An append id: 32 hexadecimal digits, or a name that one is made from. */
  static ByteString appendId(String name) {
    if (name.matches("([0-9a-f]{2}){15,16}")) {
      return ByteString.copyFrom(HEX.parseHex(name));
    }
    UUID id = UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8));
    ByteBuffer bytes = ByteBuffer.allocate(16);
    bytes.putLong(id.getMostSignificantBits()).putLong(id.getLeastSignificantBits()).flip();
    return ByteString.copyFrom(bytes);
  }

  /** The append id of a name, as readers ask for it. */
  static UUID uuid(String name) {
    ByteBuffer bytes = appendId(name).asReadOnlyByteBuffer();
    return new UUID(bytes.getLong(), bytes.getLong());
  }

  private static Timestamp timestamp(String value) {
    int point = value.indexOf('.');
    return Timestamp.newBuilder()
        .setSeconds(Long.parseLong(value.substring(0, point)))
        .setNanos(Integer.parseInt(value.substring(point + 1)))
        .build();
  }

  static List<String> rest(List<String> words, int from) {
    return words.subList(from, words.size());
  }

  static String name(String word) {
    int equals = word.indexOf('=');
    return equals < 0 ? word : word.substring(0, equals);
  }

  static String value(String word) {
    String value = word.substring(word.indexOf('=') + 1);
    return value.equals(EMPTY) ? "" : value;
  }

  static long number(String value) {
    return Long.parseUnsignedLong(value);
  }

  static IllegalArgumentException unknown(String word) {
    return new IllegalArgumentException("transcripts have no word \"" + word + "\"");
  }

  // ---- Writing

  /** A command, as a transcript would give it. */
  static List<String> lines(Command command) {
    List<String> lines = new ArrayList<>();
    if (command.hasFounding()) {
      Founding founding = command.getFounding();
      lines.add(
          "founding window="
              + founding.getDedupWindow()
              + " steps="
              + founding.getScopeStepLimit());
    } else {
      AppendBatch batch = command.getAppendBatch();
      lines.add(
          "entry recorded="
              + batch.getRecordedMicros()
              + " salt="
              + HEX.formatHex(batch.getSaltSeed().toByteArray()));
      batch.getAppendsList().forEach(append -> lines.addAll(lines(append)));
    }
    return lines;
  }

  private static List<String> lines(Append append) {
    List<String> lines = new ArrayList<>();
    StringBuilder head = new StringBuilder("  append");
    if (append.hasAppendId()) {
      AppendId id = append.getAppendId();
      head.append(" id=").append(HEX.formatHex(id.getId().toByteArray()));
      if (id.hasKnownPosition()) {
        head.append(" known=").append(Long.toUnsignedString(id.getKnownPosition()));
      }
    } else if (append.hasOrigin()) {
      Origin origin = append.getOrigin();
      label(head, "client", origin.getClientId());
      label(head, "buffer", origin.getBufferId());
      head.append(" first=").append(Long.toUnsignedString(origin.getFirstSequence()));
      for (long number : origin.getVoidsList()) {
        head.append(" void=").append(Long.toUnsignedString(number));
      }
    }
    lines.add(head.toString());
    append.getConditionsList().forEach(condition -> lines.add("    " + line(condition)));
    append.getEventsList().forEach(event -> lines.add("    " + line(event)));
    return lines;
  }

  private static String line(NewEvent event) {
    StringBuilder line = new StringBuilder("event ");
    line.append(word(event.getSource())).append(' ').append(word(event.getType()));
    label(line, "source-type", event.getSourceType());
    label(line, "stream-type", event.getStreamType());
    label(line, "stream-id", event.getStreamId());
    event.getTagsList().forEach(tag -> line.append(" tag=").append(word(tag)));
    label(line, "key", event.getKey());
    if (event.getTombstone()) {
      line.append(" tombstone");
    }
    label(line, "data", event.getData().toStringUtf8());
    label(line, "content-type", event.getContentType());
    label(line, "metadata", event.getMetadata().toStringUtf8());
    if (event.hasOccurred()) {
      line.append(" occurred=").append(text(event.getOccurred()));
    }
    label(line, "event-id", event.getId());
    return line.toString();
  }

  private static String text(Timestamp timestamp) {
    return timestamp.getSeconds() + "." + String.format(Locale.ROOT, "%09d", timestamp.getNanos());
  }

  /** A condition, as asked. */
  static String line(Condition condition) {
    StringBuilder line = new StringBuilder();
    if (condition.hasExpectedVersion()) {
      ExpectedVersion expected = condition.getExpectedVersion();
      line.append("expect ").append(word(expected.getSource()));
      if (expected.hasExactly()) {
        line.append(" version=").append(Long.toUnsignedString(expected.getExactly()));
      } else if (expected.getExistence() == Existence.EXISTENCE_MUST_EXIST) {
        line.append(" exists");
      } else if (expected.getExistence() == Existence.EXISTENCE_MUST_NOT_EXIST) {
        line.append(" none");
      }
    } else if (condition.hasConcurrencyScope()) {
      ConcurrencyScope scope = condition.getConcurrencyScope();
      line.append("scope after=").append(Long.toUnsignedString(scope.getAfter()));
      String or = "";
      for (FilterItem item : scope.getFilter().getAnyOfList()) {
        line.append(or);
        label(line, "source", item.getSource());
        label(line, "source-type", item.getSourceType());
        label(line, "stream-type", item.getStreamType());
        label(line, "stream-id", item.getStreamId());
        item.getTypesList().forEach(type -> line.append(" type=").append(word(type)));
        item.getTagsList().forEach(tag -> line.append(" tag=").append(word(tag)));
        or = " or";
      }
    } else {
      line.append("expect");
    }
    return line.toString();
  }

  /** An outcome: one line, and one more for each condition that failed. */
  static List<String> lines(Outcome outcome) {
    List<String> lines = new ArrayList<>();
    if (outcome instanceof Appended appended) {
      lines.add(line(appended));
    } else if (outcome instanceof Conflict conflict) {
      lines.add("conflict");
      conflict.failed().forEach(failed -> lines.add("  " + line(failed)));
    } else if (outcome instanceof Refused refused) {
      String refusal = ("refused " + refused.refusal() + " " + refused.field()).stripTrailing();
      lines.add(
          refused.expectedSequence() == 0
              ? refusal
              : refusal + ", expected " + refused.expectedSequence());
    }
    return lines;
  }

  /** What landed. */
  static String line(Appended appended) {
    StringBuilder line = new StringBuilder("appended ");
    if (appended.firstPosition() == 0) {
      line.append(
          appended.originPositions().isEmpty() ? "nothing: every condition holds" : "no event");
    } else {
      line.append(appended.firstPosition()).append("..").append(appended.lastPosition());
      appended
          .versions()
          .forEach(
              touched -> line.append(' ').append(sourceAt(touched.source(), touched.version())));
    }
    line.append(", recorded=").append(appended.recordedMicros());
    if (appended.replayed()) {
      line.append(", replayed");
    }
    if (!appended.originPositions().isEmpty()) {
      line.append(", numbers at");
      for (long position : appended.originPositions()) {
        line.append(' ').append(position == 0 ? "void" : position);
      }
    }
    return line.toString();
  }

  private static String line(FailedCondition failed) {
    StringBuilder line = new StringBuilder("condition ");
    line.append(failed.index()).append(": ").append(line(failed.expected()));
    if (failed.expected().hasExpectedVersion()) {
      line.append(", found version=").append(failed.foundVersion());
    }
    failed.newest().ifPresent(newest -> line.append(", newest is ").append(text(newest)));
    return line.toString();
  }

  private static String text(ConflictingEvent event) {
    return event.position() + " " + word(event.source()) + " " + word(event.type());
  }

  /** A recorded event. */
  static String line(StoredEvent event) {
    StringBuilder line = new StringBuilder();
    line.append(event.position()).append(' ').append(sourceAt(event.source(), event.version()));
    line.append(' ').append(word(event.type()));
    label(line, "source-type", event.sourceType());
    label(line, "stream-type", event.streamType());
    label(line, "stream-id", event.streamId());
    event.tags().forEach(tag -> line.append(" tag=").append(word(tag)));
    label(line, "key", event.key());
    if (event.tombstone()) {
      line.append(" tombstone");
    }
    label(line, "data", event.data().toStringUtf8());
    label(line, "content-type", event.contentType());
    label(line, "metadata", event.metadata().toStringUtf8());
    event.occurred().ifPresent(occurred -> line.append(" occurred=").append(text(occurred)));
    label(line, "event-id", event.id());
    label(line, "client", event.clientId());
    label(line, "buffer", event.bufferId());
    if (event.clientSequence() != 0) {
      line.append(" number=").append(event.clientSequence());
    }
    return line.append(" recorded=").append(event.recordedMicros()).toString();
  }

  private static String sourceAt(String source, long version) {
    return word(source) + "@" + version;
  }

  private static void label(StringBuilder line, String name, String value) {
    if (!value.isEmpty()) {
      line.append(' ').append(name).append('=').append(value);
    }
  }

  private static String word(String value) {
    return value.isEmpty() ? EMPTY : value;
  }
}
