package io.varve.client.projections;

class MemoryCheckpointStoreTest extends CheckpointStoreContract<NoTransaction> {

  private final MemoryCheckpointStore store = new MemoryCheckpointStore();

  @Override
  CheckpointStore<NoTransaction> store() {
    return store;
  }
}
