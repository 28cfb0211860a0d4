package io.varve.statemachine;

import static io.varve.statemachine.TestLog.append;
import static io.varve.statemachine.TestLog.event;
import static io.varve.statemachine.TestLog.exactly;
import static io.varve.statemachine.TestLog.filter;
import static io.varve.statemachine.TestLog.scope;
import static io.varve.statemachine.TestLog.types;
import static io.varve.statemachine.TestLog.when;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.varve.proto.v1.Append;
import io.varve.proto.v1.AppendId;
import io.varve.proto.v1.ConcurrencyScope;
import io.varve.proto.v1.Condition;
import io.varve.proto.v1.ExpectedVersion;
import io.varve.proto.v1.Filter;
import io.varve.proto.v1.FilterItem;
import io.varve.proto.v1.NewEvent;
import io.varve.proto.v1.Origin;
import io.varve.statemachine.Outcome.Refusal;
import io.varve.statemachine.Outcome.Refused;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class AppendValidatorTest {

  private static final NewEvent EVENT = event("s", "T", "a", "b");
  private static final AppendId ID =
      AppendId.newBuilder().setId(ByteString.copyFrom(new byte[16])).setKnownPosition(0).build();

  private static final Origin ORIGIN =
      Origin.newBuilder().setClientId("c").setBufferId("b").setFirstSequence(7).build();

  private final AppendValidator validator = new AppendValidator(AppendLimits.defaults());

  private static Append run(Origin.Builder origin, NewEvent... events) {
    return append(events).toBuilder().setOrigin(origin).build();
  }

  @Test
  void acceptsTheLongestRunAndTheLastNumber() {
    List<Long> voids = LongStream.range(7, 7 + 4_095).boxed().toList();
    assertThat(validator.check(run(ORIGIN.toBuilder().addAllVoids(voids), EVENT))).isEmpty();
    assertThat(
            validator.check(
                run(
                    ORIGIN.toBuilder()
                        .setFirstSequence(Long.MAX_VALUE - 1)
                        .addVoids(Long.MAX_VALUE),
                    EVENT)))
        .isEmpty();
    assertThat(validator.check(run(ORIGIN.toBuilder().addVoids(7)))).isEmpty();
  }

  static Stream<Arguments> malformed() {
    return Stream.of(
        Arguments.of("append", Append.getDefaultInstance()),
        Arguments.of("append.origin.client_id", run(ORIGIN.toBuilder().clearClientId(), EVENT)),
        Arguments.of(
            "append.origin.client_id", run(ORIGIN.toBuilder().setClientId("x".repeat(513)), EVENT)),
        Arguments.of("append.origin.buffer_id", run(ORIGIN.toBuilder().clearBufferId(), EVENT)),
        Arguments.of(
            "append.origin.buffer_id",
            run(ORIGIN.toBuilder().setBufferId("é".repeat(256) + "x"), EVENT)),
        Arguments.of("append.conditions", when(run(ORIGIN.toBuilder(), EVENT), exactly("s", 1))),
        Arguments.of("append", run(ORIGIN.toBuilder())),
        Arguments.of(
            "append.origin.first_sequence", run(ORIGIN.toBuilder().setFirstSequence(0), EVENT)),
        Arguments.of(
            "append.origin.first_sequence", run(ORIGIN.toBuilder().setFirstSequence(-1), EVENT)),
        Arguments.of(
            "append.origin.first_sequence",
            run(ORIGIN.toBuilder().setFirstSequence(Long.MAX_VALUE), EVENT, EVENT)),
        Arguments.of("append.origin.voids[0]", run(ORIGIN.toBuilder().addVoids(6), EVENT)),
        Arguments.of("append.origin.voids[0]", run(ORIGIN.toBuilder().addVoids(9), EVENT)),
        Arguments.of(
            "append.origin.voids[1]", run(ORIGIN.toBuilder().addVoids(8).addVoids(8), EVENT)),
        Arguments.of(
            "append.origin.voids[1]", run(ORIGIN.toBuilder().addVoids(8).addVoids(7), EVENT)),
        Arguments.of(
            "append.origin.voids[1]",
            run(
                ORIGIN.toBuilder()
                    .setFirstSequence(Long.MAX_VALUE - 2)
                    .addVoids(Long.MAX_VALUE)
                    .addVoids(-5),
                EVENT)),
        Arguments.of("append.events[1].type", run(ORIGIN.toBuilder(), EVENT, event("s", ""))),
        Arguments.of(
            "append.events",
            run(ORIGIN.toBuilder(), Collections.nCopies(4_097, EVENT).toArray(new NewEvent[0]))),
        Arguments.of(
            "append.origin.voids",
            run(
                ORIGIN.toBuilder().addAllVoids(LongStream.range(7, 7 + 4_096).boxed().toList()),
                EVENT)),
        Arguments.of(
            "append.append_id.id",
            identified(ID.toBuilder().setId(ByteString.copyFrom(new byte[15])))),
        Arguments.of(
            "append.append_id.known_position", identified(ID.toBuilder().clearKnownPosition())),
        Arguments.of("append.events[1].source", append(EVENT, event("", "T"))),
        Arguments.of("append.events[0].type", append(event("s", ""))),
        Arguments.of("append.events[0].tags[1]", append(event("s", "T", "a", ""))),
        Arguments.of(
            "append.events[0].tombstone", append(EVENT.toBuilder().setTombstone(true).build())),
        Arguments.of("append.conditions[0]", when(append(), Condition.getDefaultInstance())),
        Arguments.of("append.conditions[1].expected_version.source", conditions(exactly("", 1))),
        Arguments.of(
            "append.conditions[1].expected_version",
            conditions(expected(ExpectedVersion.newBuilder().setSource("s")))),
        Arguments.of("append.conditions[1].expected_version.exactly", conditions(exactly("s", -1))),
        Arguments.of(
            "append.conditions[1].expected_version.existence",
            conditions(expected(ExpectedVersion.newBuilder().setSource("s").setExistenceValue(0)))),
        Arguments.of(
            "append.conditions[1].expected_version.existence",
            conditions(expected(ExpectedVersion.newBuilder().setSource("s").setExistenceValue(3)))),
        Arguments.of(
            "append.conditions[1].concurrency_scope.filter.any_of",
            conditions(
                Condition.newBuilder()
                    .setConcurrencyScope(ConcurrencyScope.getDefaultInstance())
                    .build())),
        Arguments.of(
            "append.conditions[1].concurrency_scope.filter.any_of[1]",
            conditions(scope(0, types("T"), FilterItem.getDefaultInstance()))),
        Arguments.of(
            "append.conditions[1].concurrency_scope.filter.any_of[0].types[1]",
            conditions(scope(0, types("T", "")))),
        Arguments.of(
            "append.conditions[1].concurrency_scope.filter.any_of[0].tags[0]",
            conditions(scope(0, TestLog.tags("")))));
  }

  @ParameterizedTest
  @MethodSource("malformed")
  void refusesWhatIsMalformedWhateverTheLimits(String field, Append append) {
    assertThat(AppendStructure.check(append)).isEqualTo(validator.check(append));
    assertRefused(validator.check(append), field, "");
  }

  static Stream<Arguments> tooLarge() {
    String long513 = "x".repeat(513);
    return Stream.of(
        Arguments.of(
            "append.events",
            "4096",
            Append.newBuilder().addAllEvents(Collections.nCopies(4_097, EVENT)).build()),
        Arguments.of(
            "append",
            "4194304",
            Append.newBuilder()
                .addAllEvents(Collections.nCopies(5, with(EVENT.toBuilder(), 1 << 20)))
                .build()),
        Arguments.of(
            "append.events[1].data",
            "1048576",
            append(EVENT, with(EVENT.toBuilder(), (1 << 20) + 1))),
        Arguments.of(
            "append.events[0].metadata",
            "16384",
            append(EVENT.toBuilder().setMetadata(ByteString.copyFrom(new byte[16_385])).build())),
        Arguments.of(
            "append.events[0].tags",
            "32",
            append(
                event(
                    "s",
                    "T",
                    IntStream.range(0, 33).mapToObj(i -> "t" + i).toArray(String[]::new)))),
        Arguments.of("append.events[0].tags[1]", "twice", append(event("s", "T", "same", "same"))),
        Arguments.of("append.events[0].tags[1]", "512", append(event("s", "T", "a", long513))),
        Arguments.of("append.events[0].source", "512", append(event(long513, "T"))),
        Arguments.of("append.events[0].source", "NUL", append(event("a\0b", "T"))),
        Arguments.of("append.events[0].type", "513", append(event("s", long513))),
        Arguments.of(
            "append.events[0].source_type",
            "512",
            append(EVENT.toBuilder().setSourceType(long513).build())),
        Arguments.of(
            "append.events[0].stream_type",
            "512",
            append(EVENT.toBuilder().setStreamType(long513).build())),
        Arguments.of(
            "append.events[0].stream_id",
            "512",
            append(EVENT.toBuilder().setStreamId(long513).build())),
        Arguments.of(
            "append.events[0].key", "512", append(EVENT.toBuilder().setKey(long513).build())),
        Arguments.of(
            "append.events[0].content_type",
            "512",
            append(EVENT.toBuilder().setContentType(long513).build())),
        Arguments.of(
            "append.events[0].id", "512", append(EVENT.toBuilder().setId(long513).build())),
        Arguments.of(
            "append.conditions",
            "64",
            append(EVENT).toBuilder()
                .addAllConditions(Collections.nCopies(65, exactly("s", 0)))
                .build()),
        Arguments.of(
            "append.conditions[1].expected_version.source", "512", conditions(exactly(long513, 1))),
        Arguments.of(
            "append.conditions[1].concurrency_scope.filter.any_of",
            "16",
            conditions(scope(0, Collections.nCopies(17, types("T")).toArray(FilterItem[]::new)))),
        Arguments.of(
            "append.conditions[1].concurrency_scope.filter.any_of[0].types",
            "64",
            conditions(
                scope(
                    0, FilterItem.newBuilder().addAllTypes(Collections.nCopies(65, "T")).build()))),
        Arguments.of(
            "append.conditions[1].concurrency_scope.filter.any_of[0].tags[0]",
            "512",
            conditions(scope(0, TestLog.tags(long513)))));
  }

  @ParameterizedTest
  @MethodSource("tooLarge")
  void refusesWhatIsOverALimit(String field, String named, Append append) {
    assertRefused(validator.check(append), field, named);
    assertThat(AppendStructure.check(append)).as("no matter of structure").isEmpty();
  }

  @Test
  void acceptsWhatIsJustWithinTheLimits() {
    String name512 = "é".repeat(256);
    NewEvent event =
        event(name512, name512, name512).toBuilder()
            .setKey("🪨".repeat(128))
            .setTombstone(true)
            .setData(ByteString.copyFrom(new byte[1 << 20]))
            .setMetadata(ByteString.copyFrom(new byte[16 << 10]))
            .build();

    assertThat(validator.check(append(event))).isEmpty();
    assertThat(validator.check(identified(ID.toBuilder()))).isEmpty();
    assertThat(
            validator.check(
                Append.newBuilder().addAllEvents(Collections.nCopies(4_096, EVENT)).build()))
        .isEmpty();
    assertThat(validator.check(when(append(), exactly("s", 0)))).isEmpty();
  }

  @Test
  void countsBytesNotCharacters() {
    assertRefused(
        validator.check(append(event("é".repeat(257), "T"))), "append.events[0].source", "514");
    assertRefused(
        validator.check(append(event("日".repeat(171), "T"))), "append.events[0].source", "513");
    assertRefused(
        validator.check(append(event("🪨".repeat(129), "T"))), "append.events[0].source", "516");
  }

  @Test
  void checksTheFilterAndTheSourceOfARead() {
    assertThat(validator.check(filter(types("T")), "filter")).isEmpty();
    assertRefused(validator.check(Filter.getDefaultInstance(), "filter"), "filter.any_of", "");
    assertRefused(
        validator.check(filter(types("x".repeat(513))), "filter"),
        "filter.any_of[0].types[0]",
        "512");
    assertThat(validator.checkSource("s", "source")).isEmpty();
    assertRefused(validator.checkSource("", "source"), "source", "");
    assertRefused(validator.checkSource("x".repeat(600), "source"), "source", "600");
  }

  private static void assertRefused(Optional<Refused> refused, String field, String named) {
    assertThat(refused)
        .hasValueSatisfying(
            r -> {
              assertThat(r.refusal()).isEqualTo(Refusal.INVALID_ARGUMENT);
              assertThat(r.field()).isEqualTo(field);
              assertThat(r.message()).contains(field).contains(named);
            });
  }

  private static Append identified(AppendId.Builder id) {
    return append(EVENT).toBuilder().setAppendId(id).build();
  }

  /** The condition comes second, behind one that is well-formed. */
  private static Append conditions(Condition condition) {
    return when(append(EVENT), exactly("s", 0), condition);
  }

  private static Condition expected(ExpectedVersion.Builder expected) {
    return Condition.newBuilder().setExpectedVersion(expected).build();
  }

  private static NewEvent with(NewEvent.Builder event, int payloadBytes) {
    return event.setData(ByteString.copyFrom(new byte[payloadBytes])).build();
  }
}
