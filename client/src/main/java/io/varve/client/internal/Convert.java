package io.varve.client.internal;

import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import io.varve.client.AppendResult;
import io.varve.client.Bytes;
import io.varve.client.ClusterDescription;
import io.varve.client.ConcurrencyScope;
import io.varve.client.Condition;
import io.varve.client.Event;
import io.varve.client.ExpectedVersion;
import io.varve.client.ExpectedVersion.Exactly;
import io.varve.client.Filter;
import io.varve.client.FilterItem;
import io.varve.client.NewEvent;
import io.varve.client.Origin;
import io.varve.client.ReadConsistency;
import io.varve.proto.v1.Appended;
import io.varve.proto.v1.Conflict;
import io.varve.proto.v1.DescribeResponse;
import io.varve.proto.v1.Existence;
import io.varve.proto.v1.FailedCondition;
import io.varve.proto.v1.Member;
import io.varve.proto.v1.MemberRole;
import io.varve.proto.v1.RecordedEvent;
import io.varve.proto.v1.SourceVersion;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Between the public values and what goes over the wire. */
final class Convert {

  private Convert() {}

  // ---- to the wire ----

  static io.varve.proto.v1.NewEvent event(NewEvent event) {
    io.varve.proto.v1.NewEvent.Builder to =
        io.varve.proto.v1.NewEvent.newBuilder()
            .setSource(event.source())
            .setType(event.type())
            .setSourceType(event.sourceType())
            .setStreamType(event.streamType())
            .setStreamId(event.streamId())
            .addAllTags(event.tags())
            .setKey(event.key())
            .setTombstone(event.tombstone())
            .setData(bytes(event.data()))
            .setContentType(event.contentType())
            .setMetadata(bytes(event.metadata()))
            .setId(event.id());
    event.occurred().ifPresent(at -> to.setOccurred(timestamp(at)));
    return to.build();
  }

  static io.varve.proto.v1.Condition condition(Condition condition) {
    io.varve.proto.v1.Condition.Builder to = io.varve.proto.v1.Condition.newBuilder();
    if (condition instanceof ExpectedVersion expected) {
      io.varve.proto.v1.ExpectedVersion.Builder version = to.getExpectedVersionBuilder();
      version.setSource(expected.source());
      if (expected.expected() instanceof Exactly exactly) {
        version.setExactly(exactly.version());
      } else if (expected.expected() == ExpectedVersion.Existence.MUST_EXIST) {
        version.setExistence(Existence.EXISTENCE_MUST_EXIST);
      } else {
        version.setExistence(Existence.EXISTENCE_MUST_NOT_EXIST);
      }
    } else if (condition instanceof ConcurrencyScope scope) {
      to.getConcurrencyScopeBuilder().setFilter(filter(scope.filter())).setAfter(scope.after());
    } else {
      throw new AssertionError("a new kind of condition: " + condition.getClass());
    }
    return to.build();
  }

  static io.varve.proto.v1.Filter filter(Filter filter) {
    io.varve.proto.v1.Filter.Builder to = io.varve.proto.v1.Filter.newBuilder();
    for (FilterItem item : filter.anyOf()) {
      to.addAnyOf(
          io.varve.proto.v1.FilterItem.newBuilder()
              .setSource(item.source())
              .setSourceType(item.sourceType())
              .setStreamType(item.streamType())
              .setStreamId(item.streamId())
              .addAllTypes(item.types())
              .addAllTags(item.tags()));
    }
    return to.build();
  }

  static io.varve.proto.v1.ReadConsistency consistency(ReadConsistency consistency) {
    return io.varve.proto.v1.ReadConsistency.newBuilder()
        .setLocal(consistency.answersLocally())
        .setAtLeast(consistency.atLeast())
        .build();
  }

  static io.varve.proto.v1.Origin origin(Origin origin) {
    return io.varve.proto.v1.Origin.newBuilder()
        .setClientId(origin.clientId())
        .setBufferId(origin.bufferId())
        .setFirstSequence(origin.firstSequence())
        .addAllVoids(origin.voids())
        .build();
  }

  private static ByteString bytes(Bytes bytes) {
    return bytes.isEmpty() ? ByteString.EMPTY : ByteString.copyFrom(bytes.asByteBuffer());
  }

  static Timestamp timestamp(Instant instant) {
    return Timestamp.newBuilder()
        .setSeconds(instant.getEpochSecond())
        .setNanos(instant.getNano())
        .build();
  }

  // ---- from the wire ----

  static Event event(RecordedEvent from) {
    return new Event(
        from.getPosition(),
        from.getSource(),
        from.getVersion(),
        from.getType(),
        from.getSourceType(),
        from.getStreamType(),
        from.getStreamId(),
        from.getTagsList(),
        from.getKey(),
        from.getTombstone(),
        bytes(from.getData()),
        from.getContentType(),
        bytes(from.getMetadata()),
        from.hasOccurred() ? Optional.of(instant(from.getOccurred())) : Optional.empty(),
        instant(from.getRecorded()),
        from.getId(),
        from.getClientId(),
        from.getBufferId(),
        from.getClientSequence());
  }

  static AppendResult.Appended appended(Appended from) {
    Map<String, Long> versions;
    if (from.getVersionsCount() == 1) {
      SourceVersion only = from.getVersions(0);
      versions = Map.of(only.getSource(), only.getVersion());
    } else {
      versions = new LinkedHashMap<>();
      for (SourceVersion version : from.getVersionsList()) {
        versions.put(version.getSource(), version.getVersion());
      }
    }
    return new AppendResult.Appended(
        from.getFirstPosition(),
        from.getLastPosition(),
        versions,
        instant(from.getRecorded()),
        from.getReplayed(),
        from.getOriginPositionsList());
  }

  static AppendResult.Conflict conflict(Conflict from) {
    List<AppendResult.FailedCondition> failed = new ArrayList<>(from.getFailedCount());
    for (FailedCondition condition : from.getFailedList()) {
      failed.add(
          new AppendResult.FailedCondition(
              condition.getIndex(),
              condition(condition.getExpected()),
              condition.getFoundVersion(),
              condition.hasNewest()
                  ? Optional.of(
                      new AppendResult.ConflictingEvent(
                          condition.getNewest().getPosition(),
                          condition.getNewest().getSource(),
                          condition.getNewest().getType()))
                  : Optional.empty()));
    }
    return new AppendResult.Conflict(failed);
  }

  private static Condition condition(io.varve.proto.v1.Condition from) {
    switch (from.getKindCase()) {
      case EXPECTED_VERSION -> {
        io.varve.proto.v1.ExpectedVersion version = from.getExpectedVersion();
        if (version.hasExactly()) {
          return ExpectedVersion.exactly(version.getSource(), version.getExactly());
        }
        return version.getExistence() == Existence.EXISTENCE_MUST_EXIST
            ? ExpectedVersion.exists(version.getSource())
            : ExpectedVersion.notExists(version.getSource());
      }
      case CONCURRENCY_SCOPE -> {
        return new ConcurrencyScope(
            filter(from.getConcurrencyScope().getFilter()), from.getConcurrencyScope().getAfter());
      }
      case KIND_NOT_SET -> {}
    }
    throw new IllegalStateException("the server reports a condition of no kind this client knows");
  }

  private static Filter filter(io.varve.proto.v1.Filter from) {
    List<FilterItem> items = new ArrayList<>(from.getAnyOfCount());
    for (io.varve.proto.v1.FilterItem item : from.getAnyOfList()) {
      items.add(
          new FilterItem(
              item.getSource(),
              item.getSourceType(),
              item.getStreamType(),
              item.getStreamId(),
              item.getTypesList(),
              item.getTagsList()));
    }
    return new Filter(items);
  }

  static ClusterDescription description(DescribeResponse from) {
    List<ClusterDescription.Member> members = new ArrayList<>(from.getMembersCount());
    for (Member member : from.getMembersList()) {
      members.add(
          new ClusterDescription.Member(
              member.getId(),
              member.getClientAddress(),
              member.getPeerAddress(),
              role(member.getRole()),
              member.getReachable(),
              member.getHead(),
              member.getAppliedIndex()));
    }
    return new ClusterDescription(
        Uuids.fromBytes(from.getClusterId()),
        Uuids.fromBytes(from.getLogIdentity()),
        from.getNodeId(),
        from.getLeaderId().isEmpty() ? Optional.empty() : Optional.of(from.getLeaderId()),
        from.getTerm(),
        members);
  }

  private static ClusterDescription.Role role(MemberRole role) {
    return switch (role) {
      case MEMBER_ROLE_LEADER -> ClusterDescription.Role.LEADER;
      case MEMBER_ROLE_FOLLOWER -> ClusterDescription.Role.FOLLOWER;
      case MEMBER_ROLE_CANDIDATE -> ClusterDescription.Role.CANDIDATE;
      case MEMBER_ROLE_LISTENER -> ClusterDescription.Role.LISTENER;
      case MEMBER_ROLE_WAITING -> ClusterDescription.Role.WAITING;
      case MEMBER_ROLE_UNSPECIFIED, UNRECOGNIZED -> ClusterDescription.Role.UNKNOWN;
    };
  }

  static Bytes bytes(ByteString bytes) {
    return bytes.isEmpty() ? Bytes.empty() : Bytes.wrap(bytes.toByteArray());
  }

  static Instant instant(Timestamp timestamp) {
    return Instant.ofEpochSecond(timestamp.getSeconds(), timestamp.getNanos());
  }
}
