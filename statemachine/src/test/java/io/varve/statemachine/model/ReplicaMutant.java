package io.varve.statemachine.model;

import com.google.protobuf.ByteString;
import io.varve.statemachine.Outcome;
import java.util.List;
import java.util.function.Supplier;

/**
 * Replicas whose model is sound but that do not survive what happens to a node. The comparison of
 * replicas must convict every one.
 */
@SuppressWarnings("ImmutableEnumChecker") // Constructor references hold nothing.
enum ReplicaMutant {
  RESTART_FORGETS_IDS(RestartForgetsIds::new),
  RESTART_FORGETS_ORIGINS(RestartForgetsOrigins::new),
  RESTART_FORGETS_RECORDED_TIME(
      () -> new ModelReplica(new Clockless(new LogModel()), Clockless::new)),
  REPEATED_ENTRIES_ARE_APPLIED_AGAIN(AppliesAgain::new),
  KILL_KEEPS_THE_INDEX(KillKeepsTheIndex::new),
  SNAPSHOT_MISSES_THE_IDS(SnapshotMissesTheIds::new),
  INDEX_MISSES_RAFTS_OWN_ENTRIES(IndexMissesRaftsOwn::new);

  private final Supplier<Replica> maker;

  ReplicaMutant(Supplier<Replica> maker) {
    this.maker = maker;
  }

  /** A replica with the bug. */
  Replica replica() {
    return maker.get();
  }

  private static class Sound extends ModelReplica {
    Sound() {
      super(new LogModel(), LogModel::new);
    }
  }

  private static final class RestartForgetsIds extends Sound {
    @Override
    public void restart() {
      super.restart();
      model().landed().clear();
    }
  }

  private static final class RestartForgetsOrigins extends Sound {
    @Override
    public void restart() {
      super.restart();
      model().taken().clear();
    }
  }

  private static final class AppliesAgain extends Sound {
    @Override
    public List<Outcome> apply(long term, long index, ByteString command) {
      long applied = appliedIndex();
      if (index <= applied) {
        moveIndex(index - 1);
        super.apply(term, index, command);
        moveIndex(applied);
        return List.of();
      }
      return super.apply(term, index, command);
    }
  }

  private static final class KillKeepsTheIndex extends Sound {
    @Override
    public void kill() {
      long applied = appliedIndex();
      super.kill();
      moveIndex(applied);
    }
  }

  private static final class SnapshotMissesTheIds extends Sound {
    @Override
    public void install(Replica other) {
      super.install(other);
      model().landed().clear();
    }
  }

  private static final class IndexMissesRaftsOwn extends Sound {
    @Override
    public void advance(long term, long index) {}
  }

  /** Its newest recorded time is kept in memory only. */
  private static final class Clockless extends LogModel {
    private long newest;

    Clockless(LogModel state) {
      super(state);
    }

    @Override
    protected long recordedTime(long stampedMicros) {
      newest = Math.max(newest, stampedMicros);
      return newest;
    }
  }
}
