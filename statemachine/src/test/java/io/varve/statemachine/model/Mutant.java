package io.varve.statemachine.model;

import io.varve.proto.replicated.v1.Command;
import io.varve.proto.v1.Append;
import io.varve.proto.v1.Condition;
import io.varve.proto.v1.Filter;
import io.varve.proto.v1.FilterItem;
import io.varve.proto.v1.NewEvent;
import io.varve.proto.v1.Origin;
import io.varve.statemachine.Outcome;
import io.varve.statemachine.Outcome.Appended;
import io.varve.statemachine.Outcome.Conflict;
import io.varve.statemachine.Outcome.FailedCondition;
import io.varve.statemachine.Outcome.Refusal;
import io.varve.statemachine.Outcome.Refused;
import io.varve.statemachine.Outcome.SourceVersion;
import io.varve.statemachine.StoredEvent;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/** Models with one seeded bug each. The comparison with the sound model must convict every one. */
@SuppressWarnings("ImmutableEnumChecker") // Constructor references hold nothing.
enum Mutant {
  WINDOW_ONE_TOO_LONG(Model.WindowOneTooLong::new),
  WINDOW_ONE_TOO_SHORT(Model.WindowOneTooShort::new),
  FATE_KNOWN_ONE_TOO_LONG(Model.FateKnownOneTooLong::new),
  FATE_UNKNOWN_AT_THE_EDGE(Model.FateUnknownAtTheEdge::new),
  FATE_NEVER_UNKNOWN(Model.FateNeverUnknown::new),
  ID_ALONE_IDENTIFIES(Model.IdAloneIdentifies::new),
  CONDITIONS_BEFORE_ID(Model.ConditionsBeforeId::new),
  REPLAY_ANSWERS_CURRENT_VERSIONS(Model.ReplayAnswersCurrentVersions::new),
  CONFLICTS_ARE_REMEMBERED(Model.ConflictsAreRemembered::new),
  AFTER_IS_INCLUSIVE(Model.AfterIsInclusive::new),
  AFTER_ZERO_SKIPS(Model.AfterZeroSkips::new),
  AFTER_ABOVE_HEAD_PASSES(Model.AfterAboveHeadPasses::new),
  CONFLICT_BEFORE_REFUSAL(Model.ConflictBeforeRefusal::new),
  ONLY_FIRST_CONDITION(Model.OnlyFirstCondition::new),
  ONLY_FIRST_FAILURE_LISTED(Model.OnlyFirstFailureListed::new),
  OLDEST_MATCH_NAMED(Model.OldestMatchNamed::new),
  ONLY_FIRST_ITEM(Model.OnlyFirstItem::new),
  ITEMS_ARE_ALL_OF(Model.ItemsAreAllOf::new),
  TAGS_ARE_ANY_OF(Model.TagsAreAnyOf::new),
  TYPES_ARE_IGNORED(Model.TypesAreIgnored::new),
  STREAM_ID_MIXED_UP_WITH_STREAM_TYPE(Model.LabelKindsMixedUp::new),
  EXISTS_MEANS_NOTHING(Model.ExistsMeansNothing::new),
  ENTRY_DECIDED_AS_ONE(Model.EntryDecidedAsOne::new),
  RECORDED_TIME_RUNS_BACK(Model.RecordedTimeRunsBack::new),
  FOUNDED_TWICE(Model.FoundedTwice::new),
  GAPS_ARE_TAKEN(Model.GapsAreTaken::new),
  GAP_OF_ONE_IS_TAKEN(Model.GapOfOneIsTaken::new),
  GAP_EXPECTS_ONE_TOO_FEW(Model.GapExpectsOneTooFew::new),
  DIVERGENCE_IS_SKIPPED(Model.DivergenceIsSkipped::new),
  DIVERGENCE_GOES_BY_TYPE(Model.DivergenceGoesByType::new),
  VOIDS_EQUAL_EVENTS(Model.VoidsEqualEvents::new),
  DIVERGED_RUNS_LAND_THEIR_REST(Model.DivergedRunsLandTheirRest::new),
  RUNS_LAND_AGAIN(Model.RunsLandAgain::new),
  OVERLAPPING_RUNS_ARE_ONLY_SKIPPED(Model.OverlappingRunsAreOnlySkipped::new),
  ORIGINS_ARE_FORGOTTEN(Model.OriginsAreForgotten::new),
  BUFFERS_ARE_ONE(Model.BuffersAreOne::new),
  VOIDS_TAKE_NO_NUMBER(Model.VoidsTakeNoNumber::new),
  REPLAYED_RUNS_ARE_RECORDED_ANEW(Model.ReplayedRunsAreRecordedAnew::new),
  SKIPPED_NUMBERS_HAVE_NO_POSITION(Model.SkippedNumbersHaveNoPosition::new),
  LATEST_IS_THE_OLDEST(Model.LatestIsTheOldest::new),
  LATEST_SHOWS_TOMBSTONES(Model.LatestShowsTombstones::new),
  LATEST_FORGETS_TOMBSTONES(Model.LatestForgetsTombstones::new),
  LATEST_IS_OF_ALL_SOURCES(Model.LatestIsOfAllSources::new),
  LISTING_IGNORES_THE_PREFIX(Model.ListingIgnoresThePrefix::new),
  LISTING_MISSES_NEW_SOURCES(Model.ListingMissesNewSources::new),
  POSITION_BEFORE_A_TIME(Model.PositionBeforeATime::new);

  private final UnaryOperator<LogModel> maker;

  Mutant(UnaryOperator<LogModel> maker) {
    this.maker = maker;
  }

  /** A replica with the bug. */
  Replica replica() {
    return new ModelReplica(maker.apply(new LogModel()), maker);
  }

  /** The mutants' classes; each is constructed from a model whose state it takes over. */
  private static class Model extends LogModel {
    Model(LogModel state) {
      super(state);
    }

    private static final class WindowOneTooLong extends Model {
      WindowOneTooLong(LogModel state) {
        super(state);
      }

      @Override
      protected boolean remembered(Landed earlier) {
        return earlier.answer().firstPosition() >= head() - dedupWindow();
      }
    }

    private static final class WindowOneTooShort extends Model {
      WindowOneTooShort(LogModel state) {
        super(state);
      }

      @Override
      protected boolean remembered(Landed earlier) {
        return earlier.answer().firstPosition() > head() - dedupWindow() + 1;
      }
    }

    private static final class FateKnownOneTooLong extends Model {
      FateKnownOneTooLong(LogModel state) {
        super(state);
      }

      @Override
      protected boolean mayBeForgotten(long knownPosition) {
        return knownPosition < head() - dedupWindow() - 1;
      }
    }

    private static final class FateUnknownAtTheEdge extends Model {
      FateUnknownAtTheEdge(LogModel state) {
        super(state);
      }

      @Override
      protected boolean mayBeForgotten(long knownPosition) {
        return knownPosition <= head() - dedupWindow();
      }
    }

    private static final class FateNeverUnknown extends Model {
      FateNeverUnknown(LogModel state) {
        super(state);
      }

      @Override
      protected boolean mayBeForgotten(long knownPosition) {
        return false;
      }
    }

    private static final class IdAloneIdentifies extends Model {
      IdAloneIdentifies(LogModel state) {
        super(state);
      }

      @Override
      protected boolean sameEvents(Landed earlier, Append append) {
        return true;
      }
    }

    private static final class ConditionsBeforeId extends Model {
      ConditionsBeforeId(LogModel state) {
        super(state);
      }

      @Override
      protected Optional<Outcome> decideById(Append append) {
        Optional<Outcome> byConditions = decideByConditions(append, 0, Budget.UNLIMITED);
        return byConditions.isPresent() ? byConditions : super.decideById(append);
      }
    }

    private static final class ReplayAnswersCurrentVersions extends Model {
      ReplayAnswersCurrentVersions(LogModel state) {
        super(state);
      }

      @Override
      protected Appended replayed(Landed earlier) {
        Appended a = super.replayed(earlier);
        List<SourceVersion> now =
            a.versions().stream()
                .map(touched -> new SourceVersion(touched.source(), version(touched.source())))
                .toList();
        return new Appended(a.firstPosition(), a.lastPosition(), now, a.recordedMicros(), true);
      }
    }

    private static final class ConflictsAreRemembered extends Model {
      ConflictsAreRemembered(LogModel state) {
        super(state);
      }

      @Override
      protected Optional<Outcome> decideByConditions(Append append, int index, Budget budget) {
        Optional<Outcome> outcome = super.decideByConditions(append, index, budget);
        if (append.hasAppendId() && outcome.filter(o -> o instanceof Conflict).isPresent()) {
          landed()
              .add(
                  new Landed(
                      append.getAppendId().getId(),
                      append.getEventsList(),
                      new Appended(head(), head(), List.of(), recordedMicros(), false)));
        }
        return outcome;
      }
    }

    private static final class AfterIsInclusive extends Model {
      AfterIsInclusive(LogModel state) {
        super(state);
      }

      @Override
      protected boolean isAfter(long position, long after) {
        return position >= after;
      }
    }

    private static final class AfterZeroSkips extends Model {
      AfterZeroSkips(LogModel state) {
        super(state);
      }

      @Override
      protected boolean isAfter(long position, long after) {
        return after != 0 && position > after;
      }
    }

    private static final class AfterAboveHeadPasses extends Model {
      AfterAboveHeadPasses(LogModel state) {
        super(state);
      }

      @Override
      protected boolean isAboveHead(long position) {
        return position < 0;
      }
    }

    private static final class ConflictBeforeRefusal extends Model {
      ConflictBeforeRefusal(LogModel state) {
        super(state);
      }

      @Override
      protected Optional<Outcome> decideByConditions(Append append, int index, Budget budget) {
        List<FailedCondition> failed = new ArrayList<>();
        for (int i = 0; i < append.getConditionsCount(); i++) {
          Condition condition = append.getConditions(i);
          (condition.hasExpectedVersion() ? checkVersion(i, condition) : checkScope(i, condition))
              .ifPresent(failed::add);
        }
        return failed.isEmpty()
            ? super.decideByConditions(append, index, budget)
            : Optional.of(new Conflict(failed));
      }
    }

    private static final class OnlyFirstCondition extends Model {
      OnlyFirstCondition(LogModel state) {
        super(state);
      }

      @Override
      protected Optional<Outcome> decideByConditions(Append append, int index, Budget budget) {
        Append.Builder cut = append.toBuilder();
        while (cut.getConditionsCount() > 1) {
          cut.removeConditions(cut.getConditionsCount() - 1);
        }
        return super.decideByConditions(cut.build(), index, budget);
      }
    }

    private static final class OnlyFirstFailureListed extends Model {
      OnlyFirstFailureListed(LogModel state) {
        super(state);
      }

      @Override
      protected Optional<Outcome> decideByConditions(Append append, int index, Budget budget) {
        return super.decideByConditions(append, index, budget)
            .map(
                outcome ->
                    outcome instanceof Conflict conflict
                        ? new Conflict(conflict.failed().subList(0, 1))
                        : outcome);
      }
    }

    private static final class OldestMatchNamed extends Model {
      OldestMatchNamed(LogModel state) {
        super(state);
      }

      @Override
      protected Optional<FailedCondition> checkScope(int index, Condition condition) {
        for (StoredEvent event : events()) {
          if (isAfter(event.position(), condition.getConcurrencyScope().getAfter())
              && matches(condition.getConcurrencyScope().getFilter(), event)) {
            return Optional.of(
                new FailedCondition(
                    index,
                    condition,
                    0,
                    Optional.of(
                        new Outcome.ConflictingEvent(
                            event.position(), event.source(), event.type()))));
          }
        }
        return Optional.empty();
      }
    }

    private static final class OnlyFirstItem extends Model {
      OnlyFirstItem(LogModel state) {
        super(state);
      }

      @Override
      protected boolean matches(Filter filter, StoredEvent event) {
        return matches(filter.getAnyOf(0), event);
      }
    }

    private static final class ItemsAreAllOf extends Model {
      ItemsAreAllOf(LogModel state) {
        super(state);
      }

      @Override
      protected boolean matches(Filter filter, StoredEvent event) {
        return filter.getAnyOfList().stream().allMatch(item -> matches(item, event));
      }
    }

    private static final class TagsAreAnyOf extends Model {
      TagsAreAnyOf(LogModel state) {
        super(state);
      }

      @Override
      protected boolean matches(FilterItem item, StoredEvent event) {
        return item.getTagsCount() == 0
            ? super.matches(item, event)
            : super.matches(item.toBuilder().clearTags().build(), event)
                && item.getTagsList().stream().anyMatch(event.tags()::contains);
      }
    }

    private static final class TypesAreIgnored extends Model {
      TypesAreIgnored(LogModel state) {
        super(state);
      }

      @Override
      protected boolean matches(FilterItem item, StoredEvent event) {
        return super.matches(item.toBuilder().clearTypes().build(), event);
      }
    }

    private static final class LabelKindsMixedUp extends Model {
      LabelKindsMixedUp(LogModel state) {
        super(state);
      }

      @Override
      protected boolean matches(FilterItem item, StoredEvent event) {
        return super.matches(item, event)
            || (!item.getStreamId().isEmpty()
                && item.getStreamId().equals(event.streamType())
                && super.matches(item.toBuilder().clearStreamId().build(), event));
      }
    }

    private static final class ExistsMeansNothing extends Model {
      ExistsMeansNothing(LogModel state) {
        super(state);
      }

      @Override
      protected Optional<FailedCondition> checkVersion(int index, Condition condition) {
        return condition.getExpectedVersion().hasExactly()
            ? super.checkVersion(index, condition)
            : Optional.empty();
      }
    }

    /** Later appends of an entry do not see earlier ones when their conditions are decided. */
    private static final class EntryDecidedAsOne extends Model {
      private LogModel before = new LogModel();

      EntryDecidedAsOne(LogModel state) {
        super(state);
      }

      @Override
      List<Outcome> apply(Command command, Budget budget) {
        before = new LogModel(this);
        return super.apply(command, budget);
      }

      @Override
      protected Optional<Outcome> decideByConditions(Append append, int index, Budget budget) {
        return before.decideByConditions(append, index, budget);
      }
    }

    private static final class RecordedTimeRunsBack extends Model {
      RecordedTimeRunsBack(LogModel state) {
        super(state);
      }

      @Override
      protected long recordedTime(long stampedMicros) {
        return stampedMicros;
      }
    }

    private static final class FoundedTwice extends Model {
      FoundedTwice(LogModel state) {
        super(state);
      }

      @Override
      protected boolean ignoresFounding() {
        return false;
      }
    }

    private static final class GapsAreTaken extends Model {
      GapsAreTaken(LogModel state) {
        super(state);
      }

      @Override
      protected boolean leavesGap(long first, long last) {
        return false;
      }
    }

    private static final class GapOfOneIsTaken extends Model {
      GapOfOneIsTaken(LogModel state) {
        super(state);
      }

      @Override
      protected boolean leavesGap(long first, long last) {
        return first > last + 2;
      }
    }

    private static final class GapExpectsOneTooFew extends Model {
      GapExpectsOneTooFew(LogModel state) {
        super(state);
      }

      @Override
      protected Outcome takeRun(Append append, long recordedMicros) {
        Outcome outcome = super.takeRun(append, recordedMicros);
        return outcome instanceof Refused r && r.expectedSequence() > 1
            ? new Refused(r.refusal(), r.field(), r.message(), r.expectedSequence() - 1)
            : outcome;
      }
    }

    private static final class DivergenceIsSkipped extends Model {
      DivergenceIsSkipped(LogModel state) {
        super(state);
      }

      @Override
      protected boolean isSame(Numbered again, Taken earlier) {
        return true;
      }
    }

    private static final class DivergenceGoesByType extends Model {
      DivergenceGoesByType(LogModel state) {
        super(state);
      }

      @Override
      protected boolean isSame(Numbered again, Taken earlier) {
        return again.event().map(NewEvent::getType).equals(earlier.event().map(NewEvent::getType));
      }
    }

    private static final class VoidsEqualEvents extends Model {
      VoidsEqualEvents(LogModel state) {
        super(state);
      }

      @Override
      protected boolean isSame(Numbered again, Taken earlier) {
        return again.event().isEmpty() || earlier.event().isEmpty() || super.isSame(again, earlier);
      }
    }

    private static final class DivergedRunsLandTheirRest extends Model {
      DivergedRunsLandTheirRest(LogModel state) {
        super(state);
      }

      @Override
      protected Outcome takeRun(Append append, long recordedMicros) {
        Outcome outcome = super.takeRun(append, recordedMicros);
        if (outcome instanceof Refused refused && refused.refusal() == Refusal.ORIGIN_DIVERGED) {
          Append.Builder rest = append.toBuilder().clearEvents();
          List<Taken> before = taken(append.getOrigin());
          for (Numbered number : numbers(append)) {
            if (number.number() > before.size()) {
              number.event().ifPresent(rest::addEvents);
            }
          }
          land(rest.build(), recordedMicros);
        }
        return outcome;
      }
    }

    private static final class RunsLandAgain extends Model {
      RunsLandAgain(LogModel state) {
        super(state);
      }

      @Override
      protected Outcome takeRun(Append append, long recordedMicros) {
        Outcome outcome = super.takeRun(append, recordedMicros);
        if (outcome instanceof Appended appended && appended.replayed()) {
          land(append, recordedMicros);
        }
        return outcome;
      }
    }

    private static final class OverlappingRunsAreOnlySkipped extends Model {
      OverlappingRunsAreOnlySkipped(LogModel state) {
        super(state);
      }

      @Override
      protected Outcome takeRun(Append append, long recordedMicros) {
        List<Taken> before = List.copyOf(taken(append.getOrigin()));
        if (append.getOrigin().getFirstSequence() <= before.size()) {
          Append.Builder skipped = append.toBuilder().clearEvents();
          skipped.getOriginBuilder().clearVoids();
          for (Numbered number : numbers(append)) {
            if (number.number() <= before.size()) {
              number
                  .event()
                  .ifPresentOrElse(
                      skipped::addEvents,
                      () -> skipped.getOriginBuilder().addVoids(number.number()));
            }
          }
          return super.takeRun(skipped.build(), recordedMicros);
        }
        return super.takeRun(append, recordedMicros);
      }
    }

    /** Like append ids, beyond the window. */
    private static final class OriginsAreForgotten extends Model {
      OriginsAreForgotten(LogModel state) {
        super(state);
      }

      @Override
      protected Outcome takeRun(Append append, long recordedMicros) {
        List<Taken> before = taken(append.getOrigin());
        if (!before.isEmpty()
            && before.stream().allMatch(number -> number.position() <= head() - dedupWindow())) {
          before.clear();
        }
        return super.takeRun(append, recordedMicros);
      }
    }

    private static final class BuffersAreOne extends Model {
      BuffersAreOne(LogModel state) {
        super(state);
      }

      @Override
      protected List<Taken> taken(Origin origin) {
        return super.taken(origin.toBuilder().setBufferId("b0").build());
      }
    }

    /** But for those that events follow. */
    private static final class VoidsTakeNoNumber extends Model {
      VoidsTakeNoNumber(LogModel state) {
        super(state);
      }

      @Override
      protected Outcome takeRun(Append append, long recordedMicros) {
        Outcome outcome = super.takeRun(append, recordedMicros);
        List<Taken> numbers = taken(append.getOrigin());
        while (!numbers.isEmpty() && numbers.get(numbers.size() - 1).event().isEmpty()) {
          numbers.remove(numbers.size() - 1);
        }
        return outcome;
      }
    }

    private static final class ReplayedRunsAreRecordedAnew extends Model {
      ReplayedRunsAreRecordedAnew(LogModel state) {
        super(state);
      }

      @Override
      protected Appended skipped(List<Long> positions, long now) {
        return new Appended(0, 0, List.of(), now, true, positions);
      }
    }

    private static final class SkippedNumbersHaveNoPosition extends Model {
      SkippedNumbersHaveNoPosition(LogModel state) {
        super(state);
      }

      @Override
      protected Appended skipped(List<Long> positions, long now) {
        Appended a = super.skipped(positions, now);
        List<Long> none = Collections.nCopies(positions.size(), 0L);
        return new Appended(0, 0, List.of(), a.recordedMicros(), true, none);
      }
    }

    private static final class LatestIsTheOldest extends Model {
      LatestIsTheOldest(LogModel state) {
        super(state);
      }

      @Override
      protected NavigableMap<String, StoredEvent> newestByKey(String source) {
        NavigableMap<String, StoredEvent> oldest = super.newestByKey(source);
        for (int i = events().size() - 1; i >= 0; i--) {
          StoredEvent event = events().get(i);
          if (event.source().equals(source) && oldest.containsKey(event.key())) {
            oldest.put(event.key(), event);
          }
        }
        return oldest;
      }
    }

    private static final class LatestShowsTombstones extends Model {
      LatestShowsTombstones(LogModel state) {
        super(state);
      }

      @Override
      protected boolean showsLatest(StoredEvent newest) {
        return true;
      }
    }

    /** What a tombstone removed is shown as it was before. */
    private static final class LatestForgetsTombstones extends Model {
      LatestForgetsTombstones(LogModel state) {
        super(state);
      }

      @Override
      protected NavigableMap<String, StoredEvent> newestByKey(String source) {
        NavigableMap<String, StoredEvent> newest = new TreeMap<>();
        for (StoredEvent event : events()) {
          if (event.source().equals(source) && !event.key().isEmpty() && !event.tombstone()) {
            newest.put(event.key(), event);
          }
        }
        return newest;
      }
    }

    private static final class LatestIsOfAllSources extends Model {
      LatestIsOfAllSources(LogModel state) {
        super(state);
      }

      @Override
      protected NavigableMap<String, StoredEvent> newestByKey(String source) {
        NavigableMap<String, StoredEvent> newest = super.newestByKey(source);
        for (StoredEvent event : events()) {
          if (newest.containsKey(event.key())) {
            newest.put(event.key(), event);
          }
        }
        return newest;
      }
    }

    private static final class ListingIgnoresThePrefix extends Model {
      ListingIgnoresThePrefix(LogModel state) {
        super(state);
      }

      @Override
      protected List<String> sources(String prefix) {
        return super.sources("");
      }
    }

    private static final class ListingMissesNewSources extends Model {
      ListingMissesNewSources(LogModel state) {
        super(state);
      }

      @Override
      protected List<String> sources(String prefix) {
        List<String> sources = new ArrayList<>(super.sources(prefix));
        sources.removeIf(source -> version(source) == 1);
        return sources;
      }
    }

    private static final class PositionBeforeATime extends Model {
      PositionBeforeATime(LogModel state) {
        super(state);
      }

      @Override
      protected long positionAt(long recordedMicros) {
        return super.positionAt(recordedMicros - 1);
      }
    }
  }
}
