package io.varve.client.projections;

import java.time.Duration;
import java.util.UUID;

/** What every store refuses, in the same words. */
final class StoreChecks {

  private StoreChecks() {}

  static void notRetired(String projection, int generation, int live) {
    if (live > generation) {
      throw new ProjectionException(
          "generation "
              + generation
              + " of projection '"
              + projection
              + "' was replaced by "
              + live
              + ": run that one, or rebuild as a newer generation");
    }
  }

  static void same(
      String projection,
      int generation,
      int knownPartitions,
      boolean knownShared,
      UUID knownIdentity,
      int partitions,
      boolean shared,
      UUID identity) {
    String which = "generation " + generation + " of projection '" + projection + "'";
    if (!knownIdentity.equals(identity)) {
      throw new ProjectionException(
          which
              + " has positions of log "
              + knownIdentity
              + ", but the cluster now holds log "
              + identity
              + " (it was restored or replaced): rebuild as a new generation");
    }
    if (knownPartitions != partitions || knownShared != shared) {
      throw new ProjectionException(
          which
              + " was made "
              + (knownShared ? "shared by " + knownPartitions + " partitions" : "unshared")
              + ", and now declares "
              + (shared ? partitions + " partitions" : "that it is unshared")
              + ": this is fixed for a generation; rebuild as a new one");
    }
  }

  static void maySwitch(String projection, int from, int to, int live, boolean toIsKnown) {
    if (live != from) {
      throw new ProjectionException(
          "generation "
              + from
              + " of projection '"
              + projection
              + "' is not live: "
              + (live == 0 ? "none is" : live + " is"));
    }
    if (!toIsKnown) {
      throw unknown(projection + "/" + to);
    }
    if (to <= from) {
      throw new ProjectionException(
          "a projection is switched over to a newer generation: " + from + " to " + to);
    }
  }

  static String tooSlow(String projection, int to, long at, long goal, Duration deadline) {
    return "generation "
        + to
        + " of projection '"
        + projection
        + "' has come to position "
        + at
        + " of "
        + goal
        + " within "
        + deadline
        + "; nothing was changed";
  }

  static ProjectionException live(String projection, int generation) {
    return new ProjectionException(
        "generation " + generation + " of projection '" + projection + "' is live");
  }

  static ProjectionException unknown(String what) {
    return new ProjectionException("the store does not know " + what + ": open it first");
  }

  static FencedException retired(ProjectionPartition partition) {
    return new FencedException(partition + " was retired: a newer generation is live");
  }

  static FencedException retired(String projection, int generation) {
    return new FencedException(
        projection + "/" + generation + " was retired: a newer generation is live");
  }

  static FencedException fenced(ProjectionPartition partition, long token, long found) {
    return found == LocalProjection.RETIRED
        ? retired(partition)
        : new FencedException(
            partition + " has an owner with token " + found + ", newer than " + token);
  }

  static FencedException fenced(CheckpointCommit commit, long token, long position) {
    return token != commit.token()
        ? fenced(commit.partition(), commit.token(), token)
        : new FencedException(
            commit.partition()
                + " stands at position "
                + position
                + ", not at "
                + commit.fromPosition());
  }
}
