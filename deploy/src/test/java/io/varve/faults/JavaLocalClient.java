package io.varve.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.NewEvent;
import io.varve.client.RetryPolicy;
import io.varve.client.localfirst.LocalBuffer;
import io.varve.client.localfirst.LocalEvent;
import io.varve.client.localfirst.LocalSource;
import io.varve.client.localfirst.LocalStatus;
import io.varve.client.localfirst.LocalView;
import io.varve.client.localfirst.Registration;
import io.varve.faults.LocalFirstChecker.Client;
import io.varve.faults.LocalFirstChecker.Written;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/**
 * One local buffer of Java's that follows one source and appends to it: with random keys and
 * tombstones, offline now and then, and now and then closed and opened again. Not thread-safe; one
 * thread appends, and when that is over another looks.
 */
final class JavaLocalClient implements AutoCloseable {

  /**
   * What all clients of a test have in common.
   *
   * @param keys how many keys they share: k0, k1, …
   * @param pauseMillis how long one waits between two events, on average
   * @param requestTimeout how long they wait for an answer
   * @param silence after how long a silent stream is given up
   */
  record Settings(
      String source,
      int keys,
      int pauseMillis,
      Duration requestTimeout,
      Duration silence,
      RetryPolicy retry) {}

  private final String name;
  private final URI gateway;
  private final Path directory;
  private final Settings settings;
  private final SplittableRandom random;
  private final List<Written> written = new ArrayList<>();
  private final ShownOrder order = new ShownOrder();
  private int opened;
  private LocalBuffer buffer;
  private LocalSource<Map<String, LocalEvent>> source;
  private Watch watch;

  JavaLocalClient(
      String name, URI gateway, Path directory, Settings settings, SplittableRandom random) {
    this.name = name;
    this.gateway = gateway;
    this.directory = directory;
    this.settings = settings;
    this.random = random;
    this.buffer = openBuffer();
    this.source = buffer.source(settings.source());
    this.watch = new Watch(source);
  }

  private LocalBuffer openBuffer() {
    opened++;
    return LocalBuffer.builder()
        .gateway(gateway)
        .directory(directory)
        .requestTimeout(settings.requestTimeout())
        .streamTimeout(settings.silence())
        .retry(settings.retry())
        .open();
  }

  /** Appends until it is over; answers how often the buffer was opened. */
  int append(AtomicBoolean over) {
    boolean offline = false;
    while (!over.get()) {
      if (random.nextInt(10) == 0) {
        offline = !offline;
        buffer.simulateOffline(offline);
      }
      if (random.nextInt(150) == 0) {
        reopen();
        offline = false;
      }
      String key = "k" + random.nextInt(settings.keys());
      boolean tombstone = random.nextInt(20) == 0;
      String data = tombstone ? "" : "{\"by\":\"" + name + "\",\"n\":" + (written.size() + 1) + "}";
      NewEvent.Builder event = source.event("Painted").key(key);
      long number =
          source.append(tombstone ? event.tombstone(true).build() : event.data(data).build());
      written.add(new Written(number, key, data));
      LockSupport.parkNanos(
          TimeUnit.MILLISECONDS.toNanos(random.nextInt(2 * settings.pauseMillis())));
    }
    return opened;
  }

  private void reopen() {
    watch.end();
    buffer.close();
    buffer = openBuffer();
    source = buffer.source(settings.source());
    watch = new Watch(source);
  }

  /** Online from now on; completes when everything has landed. */
  CompletableFuture<Void> finish() {
    buffer.simulateOffline(false);
    return buffer.landed();
  }

  /** Whether it is online and shows the log up to a position. */
  boolean isSettled(long position) {
    return buffer.status().state() == LocalStatus.State.ONLINE
        && source.view().position() >= position;
  }

  /** What it appended, and what it shows. */
  Client report() {
    assertThat(buffer.status().rejected()).as(name).isZero();
    assertThat(order.changes()).as(name).isPositive();
    Map<String, String> state = new TreeMap<>();
    source.state().forEach((key, event) -> state.put(key, event.data().toUtf8()));
    return new Client(name, buffer.clientId(), buffer.bufferId(), written, state, order.findings());
  }

  @Override
  public void close() {
    buffer.close();
  }

  @Override
  public String toString() {
    return name + " " + buffer.status() + " at " + source.view().position();
  }

  /** Looks at everything that an opened source shows. */
  private final class Watch {
    private final Registration registration;
    private boolean over;

    Watch(LocalSource<Map<String, LocalEvent>> source) {
      look(source.view());
      registration = source.onChange(this::look);
    }

    private synchronized void look(LocalView<Map<String, LocalEvent>> view) {
      for (int i = 0; i < settings.keys() && !over; i++) {
        String key = "k" + i;
        LocalEvent event = view.state().get(key);
        if (event == null) {
          order.showsNothing(key);
        } else {
          order.shows(key, event.clientId() + "/" + event.bufferId(), event.clientSequence());
        }
      }
    }

    /** What an old listener is still told is older than what a new one is. */
    synchronized void end() {
      over = true;
      registration.close();
    }
  }
}
