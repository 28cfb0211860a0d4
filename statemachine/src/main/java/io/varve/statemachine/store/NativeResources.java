package io.varve.statemachine.store;

import java.util.ArrayDeque;
import java.util.Deque;
import org.rocksdb.AbstractNativeReference;

/** Native objects that live and die together: closed newest first. */
final class NativeResources implements AutoCloseable {

  private final Deque<AbstractNativeReference> kept = new ArrayDeque<>();

  /** Keeps a native object until this is closed. */
  <T extends AbstractNativeReference> T keep(T resource) {
    kept.push(resource);
    return resource;
  }

  @Override
  public void close() {
    while (!kept.isEmpty()) {
      kept.pop().close();
    }
  }
}
