package io.varve.node.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import com.google.protobuf.Timestamp;
import io.grpc.MethodDescriptor;
import io.varve.node.LocalNode;
import io.varve.node.Requests;
import io.varve.proto.v1.Append;
import io.varve.proto.v1.AppendRequest;
import io.varve.proto.v1.AppendStreamRequest;
import io.varve.proto.v1.Condition;
import io.varve.proto.v1.Error;
import io.varve.proto.v1.ErrorCode;
import io.varve.proto.v1.Existence;
import io.varve.proto.v1.Filter;
import io.varve.proto.v1.FilterItem;
import io.varve.proto.v1.GetAppendRequest;
import io.varve.proto.v1.GetOriginRequest;
import io.varve.proto.v1.GetPositionRequest;
import io.varve.proto.v1.GetSourceRequest;
import io.varve.proto.v1.NewEvent;
import io.varve.proto.v1.Origin;
import io.varve.proto.v1.ReadLatestRequest;
import io.varve.proto.v1.ReadRequest;
import io.varve.proto.v1.SubscribeRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every field of every request: what it refuses, it refuses precisely; what it does not, {@code
 * docs/limits.md} says to be free. A field that is added without a rule here, or without a row
 * there, fails this test.
 */
@Timeout(120)
class FieldLimitsTest {

  private static final Path PAGE = Path.of("..", "docs", "limits.md");
  private static final String LONG = "x".repeat(513);

  /** What a field refuses; nothing = it takes whatever its type can say. */
  private record Rule(List<Bad> bad) {}

  /**
   * A value that is refused.
   *
   * @param value null = not set
   * @param at what follows the field's own path in the error
   * @param says what the message must say: the limit and the value
   */
  private record Bad(Object value, ErrorCode code, String at, List<String> says) {
    Bad at(String suffix) {
      return new Bad(value, code, suffix, says);
    }

    Bad as(ErrorCode other) {
      return new Bad(value, other, at, says);
    }
  }

  private static final Object UNSET = new Object();

  private static Bad bad(Object value, String... says) {
    return new Bad(value, ErrorCode.ERROR_CODE_INVALID_ARGUMENT, "", List.of(says));
  }

  private static Rule free() {
    return new Rule(List.of());
  }

  private static Rule refuses(Bad... bad) {
    return new Rule(List.of(bad));
  }

  private static Rule name() {
    return refuses(bad(LONG, "512", "513"), bad("a\0b", "NUL"));
  }

  private static Rule requiredName() {
    return refuses(bad(LONG, "512", "513"), bad("a\0b", "NUL"), bad(""));
  }

  private static Rule number() {
    return refuses(bad(-1L, "9223372036854775807", "18446744073709551615"));
  }

  private static Rule time() {
    return refuses(
        bad(Timestamp.newBuilder().setNanos(1_000_000_000).build(), "999999999", "1000000000"),
        bad(Timestamp.newBuilder().setSeconds(253_402_300_800L).build(), "9999", "253402300800"));
  }

  private static Rule limitOfPage() {
    return refuses(bad(1_001, "1000", "1001"), bad(-1, "1000", "4294967295"));
  }

  private static List<String> names(int count) {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      names.add("n" + i);
    }
    return names;
  }

  private static Rule listOfNames(int most) {
    return refuses(
        bad(names(most + 1), "" + most, "" + (most + 1)),
        bad(List.of("a", ""), "empty").at("[1]"),
        bad(List.of(LONG), "512", "513").at("[0]"));
  }

  private static final Map<String, Rule> RULES = new HashMap<>();

  static {
    NewEvent event = Requests.event("s", "T");
    RULES.put("NewEvent.source", requiredName());
    RULES.put("NewEvent.type", requiredName());
    for (String label : List.of("source_type", "stream_type", "stream_id", "key", "content_type")) {
      RULES.put("NewEvent." + label, name());
    }
    RULES.put("NewEvent.id", name());
    RULES.put(
        "NewEvent.tags",
        refuses(
            bad(names(33), "32", "33"),
            bad(List.of("a", ""), "empty").at("[1]"),
            bad(List.of("a", "b", "a"), "twice", "'a'").at("[2]"),
            bad(List.of(LONG), "512", "513").at("[0]")));
    RULES.put("NewEvent.tombstone", refuses(bad(true, "key")));
    RULES.put(
        "NewEvent.data",
        refuses(bad(ByteString.copyFrom(new byte[(1 << 20) + 1]), "1048576", "1048577")));
    RULES.put(
        "NewEvent.metadata",
        refuses(bad(ByteString.copyFrom(new byte[(16 << 10) + 1]), "16384", "16385")));
    RULES.put("NewEvent.occurred", time());
    RULES.put("Append.events", refuses(bad(Collections.nCopies(4_097, event), "4096", "4097")));
    RULES.put(
        "Append.conditions",
        refuses(
            bad(Collections.nCopies(65, Requests.version("s", 0)), "64", "65"),
            bad(List.of(Condition.getDefaultInstance())).at("[0]")));
    RULES.put("Append.append_id", free());
    RULES.put("Append.origin", free());
    RULES.put("AppendId.id", refuses(bad(ByteString.copyFrom(new byte[15]), "16", "15")));
    RULES.put(
        "AppendId.known_position",
        refuses(bad(UNSET), bad(-1L, "9223372036854775807", "18446744073709551615")));
    RULES.put("Origin.client_id", refuses(bad(LONG, "512", "513"), bad("")));
    RULES.put("Origin.buffer_id", refuses(bad(LONG, "512", "513"), bad("")));
    RULES.put(
        "Origin.first_sequence",
        refuses(
            bad(0L, "9223372036854775807", "0"),
            bad(-1L, "9223372036854775807", "18446744073709551615"),
            bad(7L, "7", "1").as(ErrorCode.ERROR_CODE_SEQUENCE_GAP)));
    RULES.put(
        "Origin.voids",
        refuses(
            bad(List.of(2L, 2L), "rise").at("[1]"),
            bad(List.of(9L), "9").at("[0]"),
            bad(Collections.nCopies(4_097, 1L), "4096")));
    RULES.put("Condition.expected_version", free());
    RULES.put("Condition.concurrency_scope", free());
    RULES.put("ExpectedVersion.source", requiredName());
    RULES.put("ExpectedVersion.exactly", number());
    RULES.put(
        "ExpectedVersion.existence",
        refuses(bad(Existence.EXISTENCE_UNSPECIFIED.getValueDescriptor(), "MUST_EXIST")));
    RULES.put("ConcurrencyScope.filter", refuses(bad(UNSET).at(".any_of")));
    RULES.put("ConcurrencyScope.after", number());
    RULES.put(
        "Filter.any_of",
        refuses(
            bad(List.of()),
            bad(List.of(FilterItem.getDefaultInstance()), "label").at("[0]"),
            bad(Collections.nCopies(17, item()), "16", "17")));
    RULES.put("FilterItem.types", listOfNames(64));
    RULES.put("FilterItem.tags", listOfNames(32));
    for (String label : List.of("source", "source_type", "stream_type", "stream_id")) {
      RULES.put("FilterItem." + label, name());
    }
    RULES.put("ReadConsistency.local", free());
    RULES.put("ReadConsistency.at_least", number());

    RULES.put("*.log", refuses(bad("other", "other").as(ErrorCode.ERROR_CODE_LOG_NOT_FOUND)));
    RULES.put(
        "*.log_identity",
        refuses(
            bad(ByteString.copyFrom(new byte[3]), "16", "3"),
            bad(ByteString.copyFrom(new byte[16]), "00000000")
                .as(ErrorCode.ERROR_CODE_LOG_IDENTITY_MISMATCH)));
    RULES.put("*.consistency", free());
    RULES.put("AppendRequest.append", refuses(bad(UNSET)));
    RULES.put("AppendStreamRequest.append", refuses(bad(UNSET)));
    RULES.put("AppendStreamRequest.timeout_millis", free());
    RULES.put("GetAppendRequest.append_id", refuses(bad(UNSET, "16").at(".id")));
    RULES.put("ReadRequest.source", requiredName());
    RULES.put("ReadRequest.filter", refuses(bad(Filter.getDefaultInstance()).at(".any_of")));
    RULES.put("ReadRequest.from_position", number());
    RULES.put("ReadRequest.from_version", number());
    RULES.put("ReadRequest.backward", free());
    RULES.put("ReadRequest.limit", number());
    RULES.put("SubscribeRequest.source", requiredName());
    RULES.put("SubscribeRequest.filter", refuses(bad(Filter.getDefaultInstance()).at(".any_of")));
    RULES.put(
        "SubscribeRequest.after_position",
        refuses(
            bad(-1L, "9223372036854775807", "18446744073709551615"),
            bad(99L, "99").as(ErrorCode.ERROR_CODE_OUT_OF_RANGE)));
    RULES.put(
        "SubscribeRequest.after_version",
        refuses(
            bad(-1L, "9223372036854775807", "18446744073709551615"),
            bad(99L, "99").as(ErrorCode.ERROR_CODE_OUT_OF_RANGE)));
    RULES.put("SubscribeRequest.after_head", refuses(bad(false, "false", "true")));
    RULES.put("GetSourceRequest.source", requiredName());
    RULES.put("ReadLatestRequest.source", requiredName());
    RULES.put("ReadLatestRequest.key_prefix", name());
    RULES.put("ReadLatestRequest.after_key", name());
    RULES.put("ReadLatestRequest.limit", limitOfPage());
    RULES.put("ReadLatestRequest.as_of", number());
    RULES.put("ListSourcesRequest.prefix", name());
    RULES.put("ListSourcesRequest.after_source", name());
    RULES.put("ListSourcesRequest.limit", limitOfPage());
    RULES.put(
        "GetPositionRequest.recorded",
        refuses(
            bad(UNSET, "required"),
            bad(Timestamp.newBuilder().setNanos(1_000_000_000).build(), "999999999", "1000000000"),
            bad(
                Timestamp.newBuilder().setSeconds(253_402_300_800L).build(),
                "9999",
                "253402300800")));
    RULES.put("GetOriginRequest.client_id", requiredName());
    RULES.put("GetOriginRequest.buffer_id", requiredName());
    RULES.put("GetChainHashRequest.position", number());
  }

  @TempDir private Path directory;

  private static FilterItem item() {
    return FilterItem.newBuilder().addTypes("T").build();
  }

  private static Filter filter() {
    return Filter.newBuilder().addAnyOf(item()).build();
  }

  /** A request that is accepted, and in which the field can be reached. */
  private static Message template(Message empty, List<FieldDescriptor> path) {
    Set<String> on = path.stream().map(FieldDescriptor::getName).collect(Collectors.toSet());
    if (empty instanceof AppendRequest) {
      return AppendRequest.newBuilder().setAppend(append(on)).build();
    }
    if (empty instanceof AppendStreamRequest) {
      return AppendStreamRequest.newBuilder().setAppend(append(on)).build();
    }
    if (empty instanceof GetAppendRequest) {
      return GetAppendRequest.newBuilder().setAppendId(Requests.id(UUID.randomUUID(), 0)).build();
    }
    if (empty instanceof ReadRequest) {
      ReadRequest.Builder read = ReadRequest.newBuilder();
      return (on.contains("filter") ? read.setFilter(filter()) : read.setSource("s")).build();
    }
    if (empty instanceof SubscribeRequest) {
      SubscribeRequest.Builder subscribe = SubscribeRequest.newBuilder();
      return (on.contains("filter") ? subscribe.setFilter(filter()) : subscribe.setSource("s"))
          .build();
    }
    if (empty instanceof GetSourceRequest) {
      return GetSourceRequest.newBuilder().setSource("s").build();
    }
    if (empty instanceof ReadLatestRequest) {
      return ReadLatestRequest.newBuilder().setSource("s").build();
    }
    if (empty instanceof GetPositionRequest) {
      return GetPositionRequest.newBuilder().setRecorded(Timestamp.getDefaultInstance()).build();
    }
    if (empty instanceof GetOriginRequest) {
      return GetOriginRequest.newBuilder().setClientId("c").setBufferId("b").build();
    }
    return empty;
  }

  private static Append append(Set<String> on) {
    Append.Builder append = Append.newBuilder().addEvents(Requests.event("s", "T"));
    if (on.contains("origin")) {
      return append
          .setOrigin(
              Origin.newBuilder().setClientId("c").setBufferId("b").setFirstSequence(1).build())
          .build();
    }
    return append
        .setAppendId(Requests.id(UUID.randomUUID(), 0))
        .addConditions(
            on.contains("concurrency_scope")
                ? Requests.scope(filter(), 0)
                : Requests.version("s", 0))
        .build();
  }

  /** Every field that can be reached from a message, by its path. */
  private static void walk(
      Descriptor message, List<FieldDescriptor> path, List<List<FieldDescriptor>> found) {
    for (FieldDescriptor field : message.getFields()) {
      List<FieldDescriptor> at = new ArrayList<>(path);
      at.add(field);
      found.add(at);
      if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE
          && field.getMessageType().getFile().getPackage().startsWith("varve.")) {
        walk(field.getMessageType(), at, found);
      }
    }
  }

  private static List<List<FieldDescriptor>> fields(MethodDescriptor<?, ?> method) {
    List<List<FieldDescriptor>> found = new ArrayList<>();
    walk(Rpcs.request(method).getDescriptorForType(), List.of(), found);
    return found;
  }

  private static FieldDescriptor last(List<FieldDescriptor> path) {
    return path.get(path.size() - 1);
  }

  private static String ruleName(FieldDescriptor field) {
    String name = field.getContainingType().getName() + "." + field.getName();
    String shared = "*." + field.getName();
    return RULES.containsKey(shared) && field.getContainingType().getName().endsWith("Request")
        ? shared
        : name;
  }

  private static void spoil(Message.Builder in, List<FieldDescriptor> path, Object value) {
    FieldDescriptor field = path.get(0);
    if (path.size() > 1) {
      Message.Builder inner =
          field.isRepeated() ? in.getRepeatedFieldBuilder(field, 0) : in.getFieldBuilder(field);
      spoil(inner, path.subList(1, path.size()), value);
    } else if (value == UNSET) {
      in.clearField(field);
    } else {
      in.setField(field, value);
    }
  }

  private static String named(List<FieldDescriptor> path) {
    StringBuilder name = new StringBuilder();
    for (int i = 0; i < path.size(); i++) {
      FieldDescriptor field = path.get(i);
      name.append(i == 0 ? "" : ".").append(field.getName());
      name.append(field.isRepeated() && i < path.size() - 1 ? "[0]" : "");
    }
    return name.toString();
  }

  @Test
  void everyFieldRefusesWhatItMustAndSaysSoPrecisely() throws Exception {
    List<String> problems = new ArrayList<>();
    int tried = 0;
    try (LocalNode node = new LocalNode(directory)) {
      for (MethodDescriptor<?, ?> method : Rpcs.all()) {
        Message empty = Rpcs.request(method);
        for (List<FieldDescriptor> path : fields(method)) {
          Rule rule = RULES.get(ruleName(last(path)));
          if (rule == null) {
            problems.add(last(path).getFullName() + " has no rule: add one here and a row there");
            continue;
          }
          for (Bad bad : rule.bad()) {
            Message.Builder request = template(empty, path).toBuilder();
            spoil(request, path, bad.value());
            Error error =
                Rpcs.call(node.channel(), method, request.build(), 30_000)
                    .get(30, TimeUnit.SECONDS)
                    .error();
            tried++;
            String at = named(path) + bad.at();
            if (error.getCode() != bad.code()
                || !error.getField().equals(at)
                || !error.getMessage().contains(at.substring(at.lastIndexOf('.') + 1))
                || !bad.says().stream().allMatch(error.getMessage()::contains)) {
              problems.add(
                  method.getBareMethodName()
                      + " "
                      + at
                      + ": "
                      + bad.code()
                      + " "
                      + bad.says()
                      + ", not "
                      + error.toString().replace('\n', ' '));
            }
          }
        }
      }
      assertThat(node.raft.reader().head()).isZero();
    }
    assertThat(problems).isEmpty();
    assertThat(tried).isGreaterThan(200);
  }

  @Test
  void theTemplatesThemselvesAreAccepted() throws Exception {
    try (LocalNode node = new LocalNode(directory)) {
      for (MethodDescriptor<?, ?> method : Rpcs.all()) {
        for (List<FieldDescriptor> path : fields(method)) {
          Message request = template(Rpcs.request(method), path);
          Error error =
              Rpcs.call(node.channel(), method, request, 30_000).get(30, TimeUnit.SECONDS).error();
          assertThat(error.getCode())
              .as("%s %s: %s", method.getBareMethodName(), named(path), error)
              .isEqualTo(ErrorCode.ERROR_CODE_UNSPECIFIED);
        }
      }
    }
  }

  @Test
  void thePageHasARowForEveryField() throws IOException {
    Set<String> walked = new TreeSet<>();
    for (MethodDescriptor<?, ?> method : Rpcs.all()) {
      fields(method).forEach(path -> walked.add(ruleName(last(path))));
    }
    assertThat(RULES.keySet()).isEqualTo(walked);
    Set<String> documented = new TreeSet<>();
    Matcher rows = Pattern.compile("(?m)^\\| (`[^|]*`) \\|").matcher(Files.readString(PAGE));
    while (rows.find()) {
      Arrays.stream(rows.group(1).split(",\\s*"))
          .map(name -> name.replace("`", ""))
          .filter(name -> name.matches("(\\*|[A-Z]\\w+)\\.[a-z_]+"))
          .forEach(documented::add);
    }
    assertThat(documented).isEqualTo(walked);
  }
}
