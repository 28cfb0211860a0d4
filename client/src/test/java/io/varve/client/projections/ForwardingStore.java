package io.varve.client.projections;

import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.UUID;

/** Hands everything on; tests override what they change. */
class ForwardingStore<T> implements CheckpointStore<T> {

  private final CheckpointStore<T> to;

  ForwardingStore(CheckpointStore<T> to) {
    this.to = to;
  }

  @Override
  public boolean transactional() {
    return to.transactional();
  }

  @Override
  public void open(
      String projection, int generation, int partitions, boolean shared, UUID logIdentity) {
    to.open(projection, generation, partitions, shared, logIdentity);
  }

  @Override
  public Checkpoint claimNext(ProjectionPartition partition) {
    return to.claimNext(partition);
  }

  @Override
  public Checkpoint claim(ProjectionPartition partition, long token) {
    return to.claim(partition, token);
  }

  @Override
  public void commit(CheckpointCommit commit, TransactionalWork<? super T> work) throws Exception {
    to.commit(commit, work);
  }

  @Override
  public List<Checkpoint> checkpoints(String projection, int generation) {
    return to.checkpoints(projection, generation);
  }

  @Override
  public boolean request(String projection, int generation, String source, ParkedAction action) {
    return to.request(projection, generation, source, action);
  }

  @Override
  public OptionalInt liveGeneration(String projection) {
    return to.liveGeneration(projection);
  }

  @Override
  public void switchOver(
      String projection, int from, int to, Duration deadline, TransactionalWork<? super T> work)
      throws Exception {
    this.to.switchOver(projection, from, to, deadline, work);
  }

  @Override
  public void forget(String projection, int generation) {
    to.forget(projection, generation);
  }
}
