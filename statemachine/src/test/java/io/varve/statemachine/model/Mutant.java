package io.varve.statemachine.model;

import io.varve.proto.replicated.v1.Command;
import io.varve.proto.v1.Append;
import io.varve.proto.v1.Condition;
import io.varve.proto.v1.Filter;
import io.varve.proto.v1.FilterItem;
import io.varve.statemachine.Outcome;
import io.varve.statemachine.Outcome.Appended;
import io.varve.statemachine.Outcome.Conflict;
import io.varve.statemachine.Outcome.FailedCondition;
import io.varve.statemachine.Outcome.SourceVersion;
import io.varve.statemachine.StoredEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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
  FOUNDED_TWICE(Model.FoundedTwice::new);

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
  }
}
