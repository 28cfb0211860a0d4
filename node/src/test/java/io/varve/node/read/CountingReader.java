package io.varve.node.read;

import io.varve.statemachine.EventCursor;
import io.varve.statemachine.LogReader;
import io.varve.statemachine.StoredEvent;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/** Counts what is asked of a reader: cursors opened, and events that they gave. */
final class CountingReader {

  final AtomicLong cursors = new AtomicLong();
  final AtomicLong events = new AtomicLong();
  final LogReader reader;

  CountingReader(LogReader counted) {
    this.reader =
        (LogReader)
            Proxy.newProxyInstance(
                LogReader.class.getClassLoader(),
                new Class<?>[] {LogReader.class},
                (proxy, method, arguments) -> {
                  Object answer;
                  try {
                    answer = method.invoke(counted, arguments);
                  } catch (InvocationTargetException e) {
                    throw e.getCause();
                  }
                  return answer instanceof EventCursor cursor ? new Counted(cursor) : answer;
                });
  }

  private final class Counted implements EventCursor {
    private final EventCursor cursor;

    Counted(EventCursor cursor) {
      this.cursor = cursor;
      cursors.incrementAndGet();
    }

    @Override
    public Optional<StoredEvent> next() {
      Optional<StoredEvent> next = cursor.next();
      if (next.isPresent()) {
        events.incrementAndGet();
      }
      return next;
    }

    @Override
    public long head() {
      return cursor.head();
    }

    @Override
    public void close() {
      cursor.close();
    }
  }
}
