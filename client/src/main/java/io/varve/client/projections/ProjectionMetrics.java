package io.varve.client.projections;

/**
 * What a runner has done since it started, and how it stands. With {@link
 * Projection.Builder#metrics} each component is a gauge named {@code
 * varve.projection.NAME.GENERATION.COMPONENT}, from the runner's start to its end.
 *
 * @param applied events applied and committed
 * @param retried attempts to apply an event after one that failed
 * @param parked events parked, the failed ones included
 * @param skipped events left out because somebody asked for it
 * @param fenced how often a partition turned out to belong to somebody else
 * @param storeFailures how often the store, or the log, could not be reached and a partition had to
 *     start again from its checkpoint
 * @param parkedSources sources parked now, in the partitions that run here
 * @param blocked partitions that run here and wait because no more may be parked
 * @param partitions partitions that run here
 * @param position up to where everything was applied or parked, in all partitions that run here; 0
 *     if none does
 * @param head the newest head this runner has heard of
 * @param lag how many positions lie between the two, matching or not; 0 if no partition runs here
 */
public record ProjectionMetrics(
    long applied,
    long retried,
    long parked,
    long skipped,
    long fenced,
    long storeFailures,
    int parkedSources,
    int blocked,
    int partitions,
    long position,
    long head,
    long lag) {}
