package io.varve.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.client.AppendResult.Appended;
import io.varve.client.Bytes;
import io.varve.client.Event;
import io.varve.client.NewEvent;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The judge at the end of the play convicts what it must. */
class LedgerTest {
  private final NewEvent one = event("a", "1");
  private final NewEvent two = event("a", "2");
  private final NewEvent three = event("b", "3");

  @Test
  void whatIsReadAsItWasWrittenIsEqual() {
    Ledger ledger = ledger();

    assertThat(ledger.read(read(one, two, three))).isEqualTo(ledger.written());
    assertThat(ledger.written().count()).isEqualTo(3);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "source",
        "type",
        "sourceType",
        "streamType",
        "streamId",
        "tags",
        "key",
        "tombstone",
        "data",
        "contentType",
        "metadata",
        "occurred",
        "id"
      })
  void anEventChangedInAnyWayIsNoticed(String what) {
    List<Event> events = read(one, two, changed(three, what));

    assertThatThrownBy(() -> ledger().read(events))
        .isInstanceOf(StepFailedException.class)
        .hasMessageContaining("position 3 is not the one that was written");
  }

  @Test
  void eventsLostSwappedOrDoubledAreNoticed() {
    assertThat(ledger().read(read(one, two))).isNotEqualTo(ledger().written());
    assertThatThrownBy(() -> ledger().read(read(two, one, three)))
        .isInstanceOf(StepFailedException.class);
    assertThatThrownBy(() -> ledger().read(read(one, two, three, three)))
        .isInstanceOf(StepFailedException.class);
    List<Event> gap = new ArrayList<>(read(one, two, three));
    gap.remove(1);
    assertThatThrownBy(() -> ledger().read(gap))
        .isInstanceOf(StepFailedException.class)
        .hasMessageContaining("position 2 was expected and 3 was read");
  }

  @Test
  void acknowledgementsThatCannotBeAreNoticed() {
    Ledger ledger = ledger();
    assertThatThrownBy(() -> ledger.landed(appended(3, 3), Ledger.digests(List.of(one))))
        .hasMessageContaining("position 3 was acknowledged for two appends");
    assertThatThrownBy(() -> ledger.landed(appended(9, 10), Ledger.digests(List.of(one))))
        .hasMessageContaining("an append of 1 events was answered with");

    ledger.landed(appended(5, 5), Ledger.digests(List.of(one)));
    assertThatThrownBy(ledger::written)
        .hasMessageContaining("nobody was told of the event at position 4");
  }

  private Ledger ledger() {
    Ledger ledger = new Ledger(0);
    ledger.landed(appended(3, 3), Ledger.digests(List.of(three)));
    ledger.landed(appended(1, 2), Ledger.digests(List.of(one, two)));
    return ledger;
  }

  private static Appended appended(long first, long last) {
    return new Appended(first, last, Map.of(), Instant.EPOCH, false);
  }

  private static NewEvent event(String source, String data) {
    return NewEvent.builder(source, "T").data(data).tags("x", "y").build();
  }

  private static NewEvent changed(NewEvent event, String what) {
    return new NewEvent(
        what.equals("source") ? "other" : event.source(),
        what.equals("type") ? "other" : event.type(),
        what.equals("sourceType") ? "other" : event.sourceType(),
        what.equals("streamType") ? "other" : event.streamType(),
        what.equals("streamId") ? "other" : event.streamId(),
        what.equals("tags") ? List.of("xy") : event.tags(),
        what.equals("key") ? "other" : event.key(),
        what.equals("tombstone"),
        what.equals("data") ? Bytes.utf8("other") : event.data(),
        what.equals("contentType") ? "other" : event.contentType(),
        what.equals("metadata") ? Bytes.utf8("other") : event.metadata(),
        what.equals("occurred") ? Optional.of(Instant.EPOCH) : event.occurred(),
        what.equals("id") ? "other" : event.id());
  }

  private static List<Event> read(NewEvent... events) {
    List<Event> read = new ArrayList<>();
    for (NewEvent event : events) {
      long version =
          1 + read.stream().filter(earlier -> earlier.source().equals(event.source())).count();
      read.add(
          new Event(
              read.size() + 1,
              event.source(),
              version,
              event.type(),
              event.sourceType(),
              event.streamType(),
              event.streamId(),
              event.tags(),
              event.key(),
              event.tombstone(),
              event.data(),
              event.contentType(),
              event.metadata(),
              event.occurred(),
              Instant.EPOCH,
              event.id(),
              "",
              "",
              0));
    }
    return read;
  }
}
