package io.varve.client.serialization;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.client.Event;
import io.varve.client.EventStream;
import io.varve.client.NewEvent;
import io.varve.client.ReadOptions;
import io.varve.client.RealNode;
import io.varve.client.VarveClient;
import io.varve.client.commands.EventType;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Objects through a real log. */
class EventCodecLogTest {

  @RegisterExtension static final RealNode NODE = new RealNode();

  @EventType("Deposited")
  record DepositedV1(int euros) {}

  @EventType(value = "Deposited", generation = 2)
  record Deposited(BigDecimal amount, String currency) {}

  @EventType
  record Opened(Instant when) {}

  @Test
  void whatTwoGenerationsOfAProgramWroteIsReadByTheNewerOneAndNothingIsLost() {
    VarveClient client = NODE.client();
    String account = NODE.unique("account");
    EventCodec older = EventCodec.json(EventTypes.of(Opened.class, DepositedV1.class));
    EventCodec newer =
        EventCodec.json(
            EventTypes.builder()
                .add(Opened.class)
                .upcast(
                    DepositedV1.class,
                    Deposited.class,
                    old -> new Deposited(new BigDecimal(old.euros()), "EUR"))
                .build());
    Instant now = Instant.parse("2026-11-24T10:00:00.000000001Z");
    for (NewEvent event :
        List.of(
            older.encode(account, new Opened(now)).build(),
            older.encode(account, new DepositedV1(5)).build(),
            newer.encode(account, new Deposited(new BigDecimal("1.10"), "USD")).build(),
            NewEvent.builder(account, "Audited").data("by hand").build())) {
      client.append(event).orThrow();
    }

    List<Event> events;
    try (EventStream read = client.read(ReadOptions.ofSource(account))) {
      events = read.stream().toList();
    }

    assertThat(events.stream().map(newer::decode))
        .containsExactly(
            new DecodedEvent.Known(events.get(0), new Opened(now)),
            new DecodedEvent.Known(events.get(1), new Deposited(new BigDecimal(5), "EUR")),
            new DecodedEvent.Known(events.get(2), new Deposited(new BigDecimal("1.10"), "USD")),
            new DecodedEvent.Unknown(events.get(3), DecodedEvent.Reason.TYPE_NOT_REGISTERED));
    assertThat(older.decode(events.get(2)))
        .isEqualTo(
            new DecodedEvent.Unknown(events.get(2), DecodedEvent.Reason.GENERATION_NOT_REGISTERED));
  }
}
