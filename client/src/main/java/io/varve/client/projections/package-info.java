/**
 * Projections: state that is computed from the log and kept up to date by following it.
 *
 * <p>A {@link io.varve.client.projections.Projection} is a name, a filter, a handler and a {@link
 * io.varve.client.projections.CheckpointStore}; a {@link
 * io.varve.client.projections.ProjectionRunner} runs it.
 *
 * <p><b>How often an event is applied.</b> No event is ever left out. With a store whose
 * transaction the handler writes in ({@link io.varve.client.projections.JdbcCheckpointStore}) the
 * effects of an event and the checkpoint behind it are committed together, so each event is applied
 * <em>exactly once</em>, through crashes, restarts and changes of the runner. With any other store
 * ({@link io.varve.client.projections.MemoryCheckpointStore}, {@link
 * io.varve.client.projections.FileCheckpointStore}) the checkpoint is stored after the handler has
 * returned: an event is applied <em>at least once</em>, and up to a batch of events is handed out
 * again after a crash. What a handler does outside the transaction (an e-mail, a call) is at least
 * once with every store.
 *
 * <p><b>Order.</b> Events of one source are applied in the order of their versions, always, those
 * that were parked included. An unshared projection applies everything in the order of positions,
 * but for parked sources; a shared one keeps the order within each of its partitions.
 */
@NullMarked
package io.varve.client.projections;

import org.jspecify.annotations.NullMarked;
