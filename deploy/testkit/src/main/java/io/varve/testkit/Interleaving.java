package io.varve.testkit;

import io.varve.client.VarveClient;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** A client before whose first append something else happens. */
final class Interleaving {

  private final VarveClient client;
  private final Runnable before;
  private final AtomicBoolean happened = new AtomicBoolean();

  Interleaving(VarveClient client, Runnable before) {
    this.client = client;
    this.before = before;
  }

  VarveClient client() {
    return (VarveClient)
        Proxy.newProxyInstance(
            Interleaving.class.getClassLoader(), new Class<?>[] {VarveClient.class}, this::invoke);
  }

  /** Whether there was an append to happen before. */
  boolean happened() {
    return happened.get();
  }

  private @Nullable Object invoke(Object proxy, Method method, Object @Nullable [] arguments)
      throws Throwable {
    boolean appends = method.getName().equals("append") || method.getName().equals("appendAsync");
    if (appends && happened.compareAndSet(false, true)) {
      before.run();
    }
    try {
      return method.invoke(client, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }
}
