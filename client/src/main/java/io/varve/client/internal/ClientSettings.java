package io.varve.client.internal;

import io.varve.client.RetryPolicy;
import io.varve.client.TlsOptions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Executor;

/** What {@link io.varve.client.VarveClient.Builder} was told; each setting is documented there. */
public record ClientSettings(
    List<String> targets,
    String log,
    Optional<UUID> logIdentity,
    Duration deadline,
    Duration connectTimeout,
    RetryPolicy retry,
    int appendWindow,
    int appendQueue,
    Optional<Executor> executor,
    Optional<TlsOptions> tls,
    Optional<String> token,
    boolean learnAddresses,
    Duration subscriptionSilence) {}
