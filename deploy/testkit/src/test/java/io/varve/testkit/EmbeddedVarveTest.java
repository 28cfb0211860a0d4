package io.varve.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.varve.client.AppendResult;
import io.varve.client.Event;
import io.varve.client.EventStream;
import io.varve.client.ExpectedVersion;
import io.varve.client.NewEvent;
import io.varve.client.ReadOptions;
import io.varve.client.VarveClient;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class EmbeddedVarveTest {

  @Test
  void decidesConditionsAsACluster() {
    try (EmbeddedVarve varve = EmbeddedVarve.start()) {
      VarveClient client = varve.client();
      NewEvent opened = NewEvent.builder("account-17", "AccountOpened").build();
      ExpectedVersion unopened = ExpectedVersion.notExists("account-17");

      assertThat(client.append(opened, unopened).orThrow().firstPosition()).isEqualTo(1);
      assertThat(client.append(opened, unopened)).isInstanceOf(AppendResult.Conflict.class);
      assertThat(client.version("account-17")).isEqualTo(1);
    }
  }

  @Test
  void keepsWhatWasAcknowledgedAcrossARestart() {
    try (EmbeddedVarve varve = EmbeddedVarve.start()) {
      VarveClient client = varve.client();
      client.append(NewEvent.builder("s", "Happened").data("1").build()).orThrow();
      String target = varve.target();

      varve.restart();

      assertThat(varve.target()).isEqualTo(target);
      client.append(NewEvent.builder("s", "Happened").data("2").build()).orThrow();
      try (EventStream events = client.read(ReadOptions.ofSource("s"))) {
        assertThat(events.stream().map(event -> event.data().toUtf8())).containsExactly("1", "2");
      }
    }
  }

  @Test
  void severalRunBesideEachOther() {
    try (EmbeddedVarve one = EmbeddedVarve.start();
        EmbeddedVarve other = EmbeddedVarve.start()) {
      one.client().append(NewEvent.builder("s", "Happened").build()).orThrow();

      assertThat(other.client().head().position()).isZero();
      assertThat(other.client().logIdentity()).isNotEqualTo(one.client().logIdentity());
    }
  }

  @Test
  void furtherClientsAreTheCallers() {
    try (EmbeddedVarve varve = EmbeddedVarve.start()) {
      try (VarveClient further = varve.clientBuilder().build()) {
        further.append(NewEvent.builder("s", "Happened").build()).orThrow();
      }
      assertThat(varve.client()).isSameAs(varve.client());
      try (EventStream events = varve.client().read(ReadOptions.ofSource("s"))) {
        assertThat(events.stream().map(Event::position)).containsExactly(1L);
      }
    }
  }

  @Test
  void closingDeletesItsDataAndIsIdempotent() {
    EmbeddedVarve varve = EmbeddedVarve.start();
    Path directory = varve.directory();
    assertThat(directory).isNotEmptyDirectory();

    varve.close();
    varve.close();

    assertThat(directory).doesNotExist();
    assertThatIllegalStateException().isThrownBy(varve::client).withMessageContaining("closed");
    assertThatIllegalStateException().isThrownBy(varve::restart).withMessageContaining("closed");
  }

  @Test
  void startsInSeconds() {
    EmbeddedVarve.start().close(); // loads classes and native code
    long[] millis = new long[3];
    for (int i = 0; i < millis.length; i++) {
      long begin = System.nanoTime();
      EmbeddedVarve varve = EmbeddedVarve.start();
      varve.client().head();
      millis[i] = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
      varve.close();
    }
    System.out.println(
        "An embedded node answered after (ms): " + List.of(millis[0], millis[1], millis[2]));
    // The statement is about time; a busy machine has its share in the bound.
    assertThat(LongStream.of(millis).max().orElseThrow()).isLessThan(30_000);
  }
}
