package io.varve.statemachine.model;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.varve.proto.replicated.v1.Command;
import io.varve.statemachine.LogReader;
import io.varve.statemachine.Outcome;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * A replica made of models, correct unless its model is a mutant. It is what the properties are
 * tried on to show that they convict.
 */
class ModelReplica implements Replica {

  private LogModel model;
  private LogModel snapshot;
  private long appliedIndex = -1;
  private long snapshotIndex = -1;
  private final UnaryOperator<LogModel> copier;

  /**
   * @param model the model it starts as
   * @param copier copies a model, so that a mutant's copy is a mutant
   */
  ModelReplica(LogModel model, UnaryOperator<LogModel> copier) {
    this.model = model;
    this.copier = copier;
    this.snapshot = copier.apply(model);
  }

  @Override
  public List<Outcome> apply(long term, long index, ByteString command) {
    if (index <= appliedIndex) {
      return List.of();
    }
    appliedIndex = index;
    try {
      return model.apply(Command.parseFrom(command));
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void advance(long term, long index) {
    appliedIndex = Math.max(appliedIndex, index);
  }

  @Override
  public long appliedIndex() {
    return appliedIndex;
  }

  @Override
  public LogReader reader() {
    return new ModelReader(model);
  }

  @Override
  public void restart() {
    model = copier.apply(model);
  }

  @Override
  public void kill() {
    model = copier.apply(snapshot);
    appliedIndex = snapshotIndex;
  }

  @Override
  public void takeSnapshot() {
    snapshot = copier.apply(model);
    snapshotIndex = appliedIndex;
  }

  @Override
  public void install(Replica other) {
    ModelReplica donor = (ModelReplica) other;
    model = copier.apply(donor.snapshot);
    appliedIndex = donor.snapshotIndex;
    takeSnapshot();
  }

  @Override
  public Object state(boolean withIndex) {
    return List.of(
        model.events(),
        model.landed(),
        model.taken(),
        model.dedupWindow(),
        withIndex ? appliedIndex : 0);
  }

  /** For mutants. */
  protected final LogModel model() {
    return model;
  }

  /** For mutants. */
  protected final void moveIndex(long index) {
    appliedIndex = index;
  }

  @Override
  public void close() {}
}
