package io.varve.client.projections;

import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.UUID;

/**
 * Keeps how far projections have come, and which sources are parked. Thread-safe.
 *
 * <p>Every owner of a partition has a <em>fencing token</em>; a greater one ends the ownership of
 * all smaller ones. A commit is stored only if the store still has the same token and the same
 * position, checked within the commit's own transaction: a runner that was paused for however long
 * and wakes up stores nothing.
 *
 * <p>Methods throw {@link CheckpointStoreException} when the store cannot be reached; they wait a
 * bounded time for locks of others.
 *
 * @param <T> the transaction that commits hand out: {@link NoTransaction} if there is none
 */
public interface CheckpointStore<T> {

  /**
   * Whether what is done through the transaction is committed together with the checkpoint. If so,
   * events are applied exactly once, else at least once.
   */
  boolean transactional();

  /**
   * Makes a generation known, with checkpoints at position 0, or checks that it is the one that is
   * known. The first generation of a projection is live at once.
   *
   * @param partitions how many partitions it has; fixed for the life of the generation
   * @param shared whether several runners share it; fixed for the life of the generation
   * @param logIdentity the log its positions belong to
   * @throws ProjectionException if it is known with other partitions or of another log, or if a
   *     newer generation is live
   */
  void open(String projection, int generation, int partitions, boolean shared, UUID logIdentity);

  /**
   * Takes a partition over from whoever had it, with a token greater than any before.
   *
   * @throws FencedException if the generation was retired
   */
  Checkpoint claimNext(ProjectionPartition partition);

  /**
   * Takes a partition over with a token from elsewhere, or claims again under the token one has.
   *
   * @throws FencedException if the store has seen a greater token, or the generation was retired
   */
  Checkpoint claim(ProjectionPartition partition, long token);

  /**
   * Stores the commit together with what the work does through the transaction.
   *
   * <p>The token and the position are checked <em>before</em> the work runs and stay locked until
   * the end.
   *
   * @throws FencedException if token or position are others; the work did not run
   * @throws Exception what the work threw, unchanged; nothing was stored
   */
  void commit(CheckpointCommit commit, TransactionalWork<? super T> work) throws Exception;

  /** All checkpoints of a generation, by partition; empty if the generation is not known. */
  List<Checkpoint> checkpoints(String projection, int generation);

  /**
   * Asks for something to be done with a parked source, by whatever runner has its partition.
   *
   * @return whether the source is parked
   */
  boolean request(String projection, int generation, String source, ParkedAction action);

  /** Which generation readers are to use; empty if the projection is not known. */
  OptionalInt liveGeneration(String projection);

  /**
   * Makes another generation live, in one transaction: the old one's owners are fenced, then it
   * waits until the new one has come as far as the old one ever did, then the work runs (swap a
   * view, rename tables). Readers that go by the live generation never go back in time.
   *
   * @param deadline how long to wait for the new generation
   * @throws ProjectionException if {@code from} is not live or {@code to} is not known
   * @throws java.util.concurrent.TimeoutException if the new generation did not come as far in
   *     time; nothing has changed
   * @throws Exception what the work threw, unchanged; nothing has changed
   */
  void switchOver(
      String projection, int from, int to, Duration deadline, TransactionalWork<? super T> work)
      throws Exception;

  /**
   * Forgets a generation that is not live.
   *
   * @throws ProjectionException if it is live
   */
  void forget(String projection, int generation);
}
