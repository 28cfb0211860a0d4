package io.varve.statemachine.ratis;

import io.varve.statemachine.Outcome;
import java.util.List;
import org.apache.ratis.protocol.ClientInvocationId;

/**
 * Hears what becomes of entries. Every method is called on a thread of Ratis's, in log order where
 * it concerns applied entries; implementations must be short and must not block.
 */
public interface ApplyListener {

  /**
   * This node, as the leader, is about to put a request into its Raft log. Until this was called,
   * and if the submission has returned, the request is in no log.
   */
  void onLogging(ClientInvocationId id);

  /**
   * An entry was applied here, on whatever role this node has. Not called for entries the store
   * already held.
   *
   * @param id who submitted it
   * @param outcomes one per append
   */
  void onOutcomes(ClientInvocationId id, List<Outcome> outcomes);

  /** How long deciding and writing an entry took. Not called for entries the store already held. */
  default void onApplyTime(long nanos) {}

  /**
   * The store moved: an entry of any kind was applied, or a snapshot installed.
   *
   * @param index the newest Raft index applied
   * @param head the newest position
   */
  void onApplied(long index, long head);
}
