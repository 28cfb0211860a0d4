package io.varve.client.serialization;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.client.commands.EventType;
import org.junit.jupiter.api.Test;

class EventTypesTest {

  @EventType("Opened")
  record AccountOpened() {}

  @EventType
  record Closed() {}

  @EventType("Opened")
  record OpenedToo() {}

  record Unnamed() {}

  sealed interface AccountEvent permits Deposited, Withdrawn {}

  @EventType
  record Deposited(int amount) implements AccountEvent {}

  @EventType
  record Withdrawn(int amount) implements AccountEvent {}

  @EventType("Moved")
  record MovedV1(String to) {}

  @EventType(value = "Moved", generation = 2)
  record MovedV2(String street, String city) {}

  @EventType(value = "Moved", generation = 3)
  record Moved(String street, String city, String country) {}

  @EventType(value = "Odd", generation = 0)
  record Odd() {}

  @Test
  void mapsClassesToNamesAndBack() {
    EventTypes types = EventTypes.of(AccountOpened.class, Closed.class);
    assertThat(types.idOf(AccountOpened.class)).isEqualTo(new EventTypeId("Opened", 1));
    assertThat(types.idOf(Closed.class)).isEqualTo(new EventTypeId("Closed", 1));
    assertThat(types.classOf(new EventTypeId("Opened", 1))).contains(AccountOpened.class);
    assertThat(types.classOf(new EventTypeId("Opened", 2))).isEmpty();
    assertThat(types.names()).containsExactly("Closed", "Opened");
  }

  @Test
  void aSealedTypeStandsForItsPermittedClasses() {
    assertThat(EventTypes.of(AccountEvent.class).names()).containsExactly("Deposited", "Withdrawn");
  }

  @Test
  void aClassMayBeRegisteredUnderAnotherName() {
    EventTypes types = EventTypes.builder().add(Unnamed.class, "given", 4).build();
    assertThat(types.idOf(Unnamed.class)).isEqualTo(new EventTypeId("given", 4));
  }

  @Test
  void aClassThatIsNotRegisteredIsKnownByItsAnnotationForWriting() {
    assertThat(EventTypes.none().idOf(AccountOpened.class)).isEqualTo(new EventTypeId("Opened", 1));
    assertThat(EventTypes.none().knows("Opened")).isFalse();
  }

  @Test
  void twoClassesOfOneNameAreRefusedNamingBoth() {
    assertThatThrownBy(() -> EventTypes.of(AccountOpened.class, OpenedToo.class))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("event type 'Opened' generation 1")
        .hasMessageContaining(AccountOpened.class.getName())
        .hasMessageContaining(OpenedToo.class.getName())
        .hasMessageContaining("another name or another generation");
  }

  @Test
  void aClassThatTakesARegisteredNameIsRefusedWhenItIsFirstWritten() {
    EventTypes types = EventTypes.of(AccountOpened.class);
    assertThatThrownBy(() -> types.idOf(OpenedToo.class))
        .hasMessageContaining(AccountOpened.class.getName())
        .hasMessageContaining(OpenedToo.class.getName());
  }

  @Test
  void oneClassUnderTwoNamesIsRefused() {
    EventTypes.Builder builder = EventTypes.builder().add(Closed.class);
    assertThatThrownBy(() -> builder.add(Closed.class, "Ended", 1))
        .hasMessageContaining(Closed.class.getName())
        .hasMessageContaining("'Closed'")
        .hasMessageContaining("'Ended'");
  }

  @Test
  void registeringAClassTwiceIsHarmless() {
    assertThat(EventTypes.of(Closed.class, Closed.class).names()).containsExactly("Closed");
  }

  @Test
  void aClassWithoutANameIsRefusedNamingTheFix() {
    assertThatThrownBy(() -> EventTypes.of(Unnamed.class))
        .hasMessageContaining(Unnamed.class.getName())
        .hasMessageContaining("@EventType");
    assertThatThrownBy(() -> EventTypes.none().idOf(Unnamed.class))
        .hasMessageContaining("@EventType");
  }

  @Test
  void anAbstractTypeIsRefused() {
    assertThatThrownBy(() -> EventTypes.builder().add(Runnable.class, "Run", 1))
        .hasMessageContaining("java.lang.Runnable is abstract");
  }

  @Test
  void aGenerationBelowOneIsRefused() {
    assertThatThrownBy(() -> EventTypes.of(Odd.class))
        .hasMessageContaining(Odd.class.getName())
        .hasMessageContaining("at least 1");
  }

  @Test
  void anOlderGenerationNeedsAnUpcaster() {
    assertThatThrownBy(() -> EventTypes.of(MovedV1.class, MovedV2.class))
        .hasMessageContaining("'Moved' generation 1")
        .hasMessageContaining(MovedV1.class.getName())
        .hasMessageContaining("add an upcaster to generation 2");
  }

  @Test
  void anUpcasterLeadsFromOneGenerationToTheNextOnly() {
    EventTypes.Builder builder = EventTypes.builder();
    assertThatThrownBy(
            () -> builder.upcast(MovedV1.class, Moved.class, old -> new Moved(old.to(), "", "")))
        .hasMessageContaining("'Moved' generation 1")
        .hasMessageContaining("'Moved' generation 3");
    assertThatThrownBy(
            () ->
                EventTypes.builder()
                    .upcast(Closed.class, MovedV2.class, old -> new MovedV2("", "")))
        .hasMessageContaining("'Closed' generation 1")
        .hasMessageContaining("'Moved' generation 2");
  }

  @Test
  void twoUpcastersFromOneGenerationAreRefused() {
    EventTypes.Builder builder =
        EventTypes.builder()
            .upcast(MovedV1.class, MovedV2.class, old -> new MovedV2(old.to(), "Bonn"));
    assertThatThrownBy(
            () ->
                builder.upcast(MovedV1.class, MovedV2.class, old -> new MovedV2(old.to(), "Köln")))
        .hasMessageContaining("two upcasters from event type 'Moved' generation 1");
  }

  @Test
  void upcastersAreChained() {
    EventTypes types =
        EventTypes.builder()
            .upcast(MovedV1.class, MovedV2.class, old -> new MovedV2(old.to(), "Bonn"))
            .upcast(
                MovedV2.class, Moved.class, old -> new Moved(old.street(), old.city(), "Germany"))
            .build();
    assertThat(types.upcast(new EventTypeId("Moved", 1), new MovedV1("Markt 1")))
        .isEqualTo(new Moved("Markt 1", "Bonn", "Germany"));
    assertThat(types.upcast(new EventTypeId("Moved", 2), new MovedV2("Markt 1", "Köln")))
        .isEqualTo(new Moved("Markt 1", "Köln", "Germany"));
    Moved newest = new Moved("a", "b", "c");
    assertThat(types.upcast(new EventTypeId("Moved", 3), newest)).isSameAs(newest);
  }

  @Test
  @SuppressWarnings("NullAway")
  void anUpcasterThatFailsIsNamed() {
    EventTypes types =
        EventTypes.builder()
            .upcast(
                MovedV1.class,
                MovedV2.class,
                old -> {
                  throw new IllegalStateException("no such street");
                })
            .build();
    assertThatThrownBy(() -> types.upcast(new EventTypeId("Moved", 1), new MovedV1("")))
        .isInstanceOf(EventSerializationException.class)
        .hasMessageContaining("upcaster of event type 'Moved' generation 1")
        .hasMessageContaining("no such street");
  }
}
