package io.varve.node.read;

import com.google.protobuf.ByteString;
import io.varve.node.wire.ErrorException;
import io.varve.node.wire.Errors;
import io.varve.node.wire.Events;
import io.varve.proto.v1.ListSourcesRequest;
import io.varve.proto.v1.ListSourcesResponse;
import io.varve.proto.v1.ReadLatestRequest;
import io.varve.proto.v1.ReadLatestResponse;
import io.varve.proto.v1.SourceState;
import io.varve.statemachine.AppendValidator;
import io.varve.statemachine.LatestPage;
import io.varve.statemachine.LogReader;
import io.varve.statemachine.Outcome.Refused;
import io.varve.statemachine.SourcePage;
import java.util.Optional;
import java.util.function.Supplier;

/** Answers in pages: each bounded, and each says where the next one begins. */
final class PageReads {

  /** The most entries on a page. */
  static final int MAX_ENTRIES = 1_000;

  /** A page of events takes no further one once payloads and metadata have this many bytes. */
  static final long PAGE_BYTES = 1 << 20;

  private final LogReader reader;
  private final AppendValidator validator;
  private final Supplier<ByteString> logIdentity;

  PageReads(LogReader reader, AppendValidator validator, Supplier<ByteString> logIdentity) {
    this.reader = reader;
    this.validator = validator;
    this.logIdentity = logIdentity;
  }

  /** Refuses a malformed request. */
  void check(ReadLatestRequest request) {
    throwIfPresent(validator.checkSource(request.getSource(), "source"));
    throwIfPresent(validator.checkPrefix(request.getKeyPrefix(), "key_prefix"));
    throwIfPresent(validator.checkPrefix(request.getAfterKey(), "after_key"));
    checkLimit(request.getLimit());
    Positions.checked(request.getAsOf(), "as_of");
    Positions.checked(request.getConsistency().getAtLeast(), "consistency.at_least");
  }

  ReadLatestResponse latest(ReadLatestRequest request) {
    // Read first: nothing on the page is older.
    long head = reader.head();
    LatestPage page =
        reader.latest(
            request.getSource(),
            request.getKeyPrefix(),
            request.getAfterKey(),
            entries(request.getLimit()),
            PAGE_BYTES);
    ReadLatestResponse.Builder response =
        ReadLatestResponse.newBuilder()
            .setLogIdentity(logIdentity.get())
            .setAsOf(request.getAsOf() == 0 ? head : request.getAsOf())
            .setMore(page.lastKey().isPresent())
            .setLastKey(page.lastKey().orElse(""));
    page.events().forEach(event -> response.addEvents(Events.message(event)));
    return response.build();
  }

  /** Refuses a malformed request. */
  void check(ListSourcesRequest request) {
    throwIfPresent(validator.checkPrefix(request.getPrefix(), "prefix"));
    throwIfPresent(validator.checkPrefix(request.getAfterSource(), "after_source"));
    checkLimit(request.getLimit());
  }

  ListSourcesResponse sources(ListSourcesRequest request) {
    SourcePage page =
        reader.sources(request.getPrefix(), request.getAfterSource(), entries(request.getLimit()));
    ListSourcesResponse.Builder response =
        ListSourcesResponse.newBuilder()
            .setLogIdentity(logIdentity.get())
            // Read last: what is listed may have come while it was.
            .setHead(reader.head())
            .setMore(page.more());
    page.sources()
        .forEach(
            source ->
                response.addSources(
                    SourceState.newBuilder()
                        .setSource(source.source())
                        .setVersion(source.version())
                        .setLastPosition(source.lastPosition())));
    return response.build();
  }

  private static int entries(int limit) {
    return limit == 0 ? MAX_ENTRIES : limit;
  }

  private static void checkLimit(int limit) {
    if (limit < 0 || limit > MAX_ENTRIES) {
      throw new ErrorException(
          Errors.invalid(
              "limit",
              "limit is " + Integer.toUnsignedString(limit) + "; the largest is " + MAX_ENTRIES));
    }
  }

  private static void throwIfPresent(Optional<Refused> refused) {
    if (refused.isPresent()) {
      throw new ErrorException(Errors.of(refused.get()));
    }
  }
}
