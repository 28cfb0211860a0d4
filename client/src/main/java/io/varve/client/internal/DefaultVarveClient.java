package io.varve.client.internal;

import io.varve.client.AppendId;
import io.varve.client.AppendLookup;
import io.varve.client.AppendRequest;
import io.varve.client.AppendResult;
import io.varve.client.ClusterDescription;
import io.varve.client.Event;
import io.varve.client.EventStream;
import io.varve.client.Head;
import io.varve.client.ReadConsistency;
import io.varve.client.ReadOptions;
import io.varve.client.SourceState;
import io.varve.client.SubscribeOptions;
import io.varve.client.Subscription;
import io.varve.client.SubscriptionItem;
import io.varve.client.SubscriptionListener;
import io.varve.client.SubscriptionStream;
import io.varve.client.VarveClient;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;

/** The client: puts the parts together. */
public final class DefaultVarveClient implements VarveClient {

  /** Makes a client; it connects when it is first used. */
  public DefaultVarveClient(ClientSettings settings) {
    if (settings.targets().isEmpty()) {
      throw new IllegalArgumentException("name at least one target");
    }
  }

  private static UnsupportedOperationException soon() {
    return new UnsupportedOperationException("not written yet");
  }

  @Override
  public CompletableFuture<AppendResult> appendAsync(AppendRequest request) {
    throw soon();
  }

  @Override
  public AppendResult append(AppendRequest request) {
    throw soon();
  }

  @Override
  public AppendId newAppendId() {
    throw soon();
  }

  @Override
  public CompletableFuture<AppendLookup> getAppendAsync(AppendId appendId) {
    throw soon();
  }

  @Override
  public AppendLookup getAppend(AppendId appendId) {
    throw soon();
  }

  @Override
  public CompletableFuture<Head> headAsync(ReadConsistency consistency) {
    throw soon();
  }

  @Override
  public Head head(ReadConsistency consistency) {
    throw soon();
  }

  @Override
  public CompletableFuture<SourceState> sourceAsync(String source, ReadConsistency consistency) {
    throw soon();
  }

  @Override
  public SourceState source(String source, ReadConsistency consistency) {
    throw soon();
  }

  @Override
  public EventStream read(ReadOptions options) {
    throw soon();
  }

  @Override
  public CompletableFuture<List<Event>> readAsync(ReadOptions options) {
    throw soon();
  }

  @Override
  public Flow.Publisher<SubscriptionItem> subscribe(SubscribeOptions options) {
    throw soon();
  }

  @Override
  public Subscription subscribe(SubscribeOptions options, SubscriptionListener listener) {
    throw soon();
  }

  @Override
  public SubscriptionStream follow(SubscribeOptions options) {
    throw soon();
  }

  @Override
  public CompletableFuture<ClusterDescription> describeAsync() {
    throw soon();
  }

  @Override
  public ClusterDescription describe() {
    throw soon();
  }

  @Override
  public Optional<UUID> logIdentity() {
    throw soon();
  }

  @Override
  public void forgetLogIdentity() {
    throw soon();
  }

  @Override
  public void close() {}
}
