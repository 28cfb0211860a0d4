package io.varve.client.projections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.client.Filter;
import io.varve.client.NewEvent;
import io.varve.client.commands.EventType;
import io.varve.client.serialization.EventCodec;
import io.varve.client.serialization.EventTypes;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

class TypedHandlersTest extends ProjectionTestBase {

  @EventType("Paid")
  record PaidInEuros(int euros) {}

  @EventType(value = "Paid", generation = 2)
  record Paid(long cents) {}

  @EventType
  record Refunded(long cents) {}

  @EventType
  record Unregistered(int x) {}

  private static final EventCodec CODEC =
      EventCodec.json(
          EventTypes.builder()
              .upcast(PaidInEuros.class, Paid.class, old -> new Paid(old.euros() * 100L))
              .add(Refunded.class)
              .build());

  private final List<String> seen = new CopyOnWriteArrayList<>();

  private long append(NewEvent.Builder event) {
    return client.append(event.sourceType(name).build()).orThrow().lastPosition();
  }

  @Test
  void eachEventGoesToTheHandlerOfItsClassInItsNewestGeneration() {
    TypedHandlers<NoTransaction> handlers =
        TypedHandlers.<NoTransaction>builder(CODEC)
            .on(Paid.class, (paid, recorded) -> seen.add(paid + " v" + recorded.version()))
            .on(Refunded.class, (refunded, recorded, none) -> seen.add(refunded.toString()))
            .otherwise((event, none) -> seen.add("raw " + event.type()))
            .build();
    ProjectionRunner<NoTransaction> runner =
        start(
            Projection.builder(name, new MemoryCheckpointStore())
                .filter(filter())
                .handler(handlers)
                .build());
    append(CODEC.encode(name, new PaidInEuros(3)));
    append(CODEC.encode(name, new Paid(7)));
    append(CODEC.encode(name, new Refunded(5)));
    runner.await(append(NewEvent.builder(name, "Alien")), PATIENCE);
    assertThat(seen)
        .containsExactly(
            "Paid[cents=300] v1", "Paid[cents=7] v2", "Refunded[cents=5]", "raw Alien");
  }

  @Test
  void whatHasNoHandlerIsLeftOut() {
    ProjectionRunner<NoTransaction> runner =
        start(
            Projection.builder(name, new MemoryCheckpointStore())
                .filter(filter())
                .handler(
                    TypedHandlers.<NoTransaction>builder(CODEC)
                        .on(Paid.class, (paid, recorded) -> seen.add(paid.toString()))
                        .build())
                .build());
    append(CODEC.encode(name, new Refunded(5)));
    append(NewEvent.builder(name, "Alien"));
    assertThat(runner.await(append(CODEC.encode(name, new Paid(7))), PATIENCE).parked()).isEmpty();
    assertThat(seen).containsExactly("Paid[cents=7]");
  }

  @Test
  void whatCannotBeReadParksItsSource() {
    ProjectionRunner<NoTransaction> runner =
        start(
            Projection.builder(name, new MemoryCheckpointStore())
                .filter(filter())
                .retry(QUICK)
                .handler(
                    TypedHandlers.<NoTransaction>builder(CODEC)
                        .on(Paid.class, (paid, recorded) -> seen.add(paid.toString()))
                        .build())
                .build());
    long position =
        append(
            NewEvent.builder(name + "/bad", "Paid")
                .contentType("application/json")
                .data("{\"euros\": \"many\"}"));
    assertThat(runner.await(append(CODEC.encode(name, new Paid(7))), PATIENCE).parked())
        .containsExactly(name + "/bad");
    assertThat(seen).containsExactly("Paid[cents=7]");
    assertThat(runner.parked().get(0).error()).contains("at position " + position);
  }

  @Test
  void theFilterNamesTheTypesThatHaveAHandler() {
    TypedHandlers.Builder<NoTransaction> builder = TypedHandlers.builder(CODEC);
    assertThatThrownBy(() -> builder.build().filter()).isInstanceOf(IllegalStateException.class);
    builder.on(Refunded.class, (event, recorded) -> {}).on(Paid.class, (event, recorded) -> {});
    assertThat(builder.build().filter()).isEqualTo(Filter.types("Paid", "Refunded"));
  }

  @Test
  void handlersThatWouldNeverBeCalledAreRefused() {
    TypedHandlers.Builder<NoTransaction> builder = TypedHandlers.builder(CODEC);
    builder.on(Paid.class, (event, recorded) -> {});
    assertThatThrownBy(() -> builder.on(Paid.class, (event, recorded) -> {}))
        .hasMessageContaining("has two handlers");
    assertThatThrownBy(() -> builder.on(PaidInEuros.class, (event, recorded) -> {}))
        .hasMessageContaining("PaidInEuros is no longer read")
        .hasMessageContaining("Paid");
    assertThatThrownBy(() -> builder.on(Unregistered.class, (event, recorded) -> {}))
        .hasMessageContaining("add it there");
  }
}
