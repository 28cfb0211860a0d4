package io.varve.client.commands;

import io.varve.client.AppendRequest;
import io.varve.client.ConcurrencyScope;
import io.varve.client.Condition;
import io.varve.client.VarveClient;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * A client with somebody standing beside it who acts at a certain moment of a command: when the
 * head was answered, or when the append is about to be sent.
 */
final class Intruder {

  private static final ThreadLocal<Runnable> AFTER_HEAD = new ThreadLocal<>();
  private static final ThreadLocal<Runnable> BEFORE_APPEND = new ThreadLocal<>();

  private Intruder() {}

  /** The same client, watched. */
  static VarveClient watch(VarveClient client) {
    return (VarveClient)
        Proxy.newProxyInstance(
            VarveClient.class.getClassLoader(),
            new Class<?>[] {VarveClient.class},
            (proxy, method, arguments) -> {
              if (method.getName().startsWith("append")) {
                take(BEFORE_APPEND);
              }
              Object answer;
              try {
                answer = method.invoke(client, arguments);
              } catch (InvocationTargetException failed) {
                throw failed.getCause();
              }
              if (answer instanceof CompletableFuture<?>) {
                return answer;
              }
              if (List.of("head", "recentHead", "knownHead").contains(method.getName())) {
                take(AFTER_HEAD);
              }
              return answer;
            });
  }

  /** The mistake that must be found: the boundary is taken when the append is about to be sent. */
  static VarveClient tooLate(VarveClient client) {
    return (VarveClient)
        Proxy.newProxyInstance(
            VarveClient.class.getClassLoader(),
            new Class<?>[] {VarveClient.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("append")) {
                AppendRequest request = (AppendRequest) arguments[0];
                long head = client.head().position();
                return client.append(
                    AppendRequest.of(
                        request.events(),
                        request.conditions().stream()
                            .map(scope -> ((ConcurrencyScope) scope).filter())
                            .<Condition>map(filter -> new ConcurrencyScope(filter, head))
                            .toList()));
              }
              return method.invoke(client, arguments);
            });
  }

  private static void take(ThreadLocal<Runnable> from) {
    Runnable act = from.get();
    from.remove();
    if (act != null) {
      act.run();
    }
  }

  /** Acts once, on this thread's next command, when the boundary was taken. */
  static void afterBoundary(Runnable act) {
    AFTER_HEAD.set(act);
  }

  /** Acts once, on this thread's next command, when it is about to be appended. */
  static void beforeCommit(Runnable act) {
    BEFORE_APPEND.set(act);
  }

  /** Nobody stands there any more. */
  static void leave() {
    AFTER_HEAD.remove();
    BEFORE_APPEND.remove();
  }

  /** What was planned and has not happened. */
  static boolean waiting() {
    return AFTER_HEAD.get() != null || BEFORE_APPEND.get() != null;
  }

  /** A moment at which to act. */
  enum Moment {
    AFTER_BOUNDARY,
    WITHIN_HANDLE,
    BEFORE_COMMIT;

    /**
     * Plans an act for this moment.
     *
     * @param withinHandle takes what handle() is to run
     */
    void plan(Runnable act, Consumer<Runnable> withinHandle) {
      switch (this) {
        case AFTER_BOUNDARY -> afterBoundary(act);
        case BEFORE_COMMIT -> beforeCommit(act);
        case WITHIN_HANDLE -> withinHandle.accept(act);
      }
    }
  }
}
