package io.varve.node.cluster;

import io.varve.node.metrics.Samples;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.metrics.MetricRegistries;
import org.apache.ratis.metrics.RatisMetricRegistry;
import org.apache.ratis.metrics.impl.RatisMetricRegistryImpl;
import org.apache.ratis.protocol.RaftGroupMemberId;
import org.apache.ratis.thirdparty.com.codahale.metrics.Counter;
import org.apache.ratis.thirdparty.com.codahale.metrics.Metric;
import org.apache.ratis.thirdparty.com.codahale.metrics.Timer;

/**
 * What Ratis itself measures of one member. Its metrics lie in a registry of the whole process,
 * under names of its own; a figure it does not have is left out. Thread-safe.
 */
final class RatisFigures {

  private static final String ELECTION = "leader_election";
  private static final String LOG = "log_worker";

  private final String member;

  RatisFigures(RaftGroupMemberId member) {
    this.member = member.toString();
  }

  Samples elections() {
    return counter(ELECTION, "electionCount");
  }

  Samples electionTimeouts() {
    return counter(ELECTION, "timeoutCount");
  }

  Samples logSyncs() {
    Samples samples = new Samples();
    timer(LOG, "syncTime").ifPresent(timer -> samples.add(timer.getCount()));
    return samples;
  }

  Samples logSyncSeconds(double quantile) {
    Samples samples = new Samples();
    timer(LOG, "syncTime")
        .ifPresent(
            timer ->
                samples.add(timer.getSnapshot().getValue(quantile) / TimeUnit.SECONDS.toNanos(1)));
    return samples;
  }

  private Samples counter(String component, String name) {
    Samples samples = new Samples();
    metric(component, name)
        .filter(Counter.class::isInstance)
        .ifPresent(metric -> samples.add(((Counter) metric).getCount()));
    return samples;
  }

  private Optional<Timer> timer(String component, String name) {
    return metric(component, name).filter(Timer.class::isInstance).map(Timer.class::cast);
  }

  private Optional<Metric> metric(String component, String name) {
    for (RatisMetricRegistry registry : MetricRegistries.global().getMetricRegistries()) {
      boolean wanted =
          registry.getMetricRegistryInfo().getPrefix().equals(member)
              && registry.getMetricRegistryInfo().getMetricsComponentName().equals(component);
      if (wanted && registry instanceof RatisMetricRegistryImpl known) {
        return Optional.ofNullable(known.get(name));
      }
    }
    return Optional.empty();
  }
}
