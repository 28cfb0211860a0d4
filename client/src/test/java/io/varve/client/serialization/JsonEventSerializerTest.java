package io.varve.client.serialization;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import io.varve.client.Bytes;
import io.varve.client.commands.EventSourceId;
import io.varve.client.commands.EventType;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.Year;
import java.time.YearMonth;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class JsonEventSerializerTest {

  private final JsonEventSerializer json = JsonEventSerializer.standard();

  private String write(Object value) {
    try {
      return json.serialize(value).toUtf8();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private <T> T read(String text, Class<T> type) throws Exception {
    return json.deserialize(Bytes.utf8(text), type);
  }

  private <T> void comesBack(T value, Class<T> type) throws Exception {
    assertThat(read(write(value), type)).isEqualTo(value);
  }

  // ---- plain values ----

  record Empty() {}

  record Plain(String text, int count, boolean on, List<String> list, Map<String, Long> map) {
    boolean isLarge() {
      return count > 10;
    }

    String getSummary() {
      return text + count;
    }
  }

  @Test
  void aRecordIsItsComponentsAndNothingElse() throws Exception {
    Plain plain = new Plain("grün", 3, true, List.of("a", "b"), Map.of("k", Long.MAX_VALUE));
    assertThat(write(plain))
        .isEqualTo(
            "{\"text\":\"grün\",\"count\":3,\"on\":true,\"list\":[\"a\",\"b\"],"
                + "\"map\":{\"k\":9223372036854775807}}");
    comesBack(plain, Plain.class);
    assertThat(plain.isLarge()).isFalse();
    assertThat(plain.getSummary()).isEqualTo("grün3");
  }

  @Test
  void aRecordWithoutComponentsIsAnEmptyObject() throws Exception {
    assertThat(write(new Empty())).isEqualTo("{}");
    comesBack(new Empty(), Empty.class);
  }

  @Test
  void propertiesTheRecordDoesNotHaveAreIgnored() throws Exception {
    assertThat(read("{\"gone\":{\"a\":[1]}}", Empty.class)).isEqualTo(new Empty());
  }

  @Test
  void aMissingPrimitiveIsAnErrorAndNotZero() {
    assertThatThrownBy(() -> read("{\"text\":\"a\",\"on\":true}", Plain.class))
        .hasMessageContaining("count");
  }

  @Test
  void somethingBehindThePayloadIsAnError() {
    assertThatThrownBy(() -> read("{} {}", Empty.class)).hasMessageContaining("Trailing token");
  }

  // ---- time, Optional, BigDecimal ----

  record Times(
      Instant instant,
      LocalDate date,
      LocalDateTime local,
      OffsetDateTime offset,
      ZonedDateTime zoned,
      Duration duration,
      YearMonth month,
      Year year) {}

  @Test
  void javaTimeIsIsoTextAndComesBackExactly() throws Exception {
    Times times =
        new Times(
            Instant.parse("2026-11-24T10:15:30.123456789Z"),
            LocalDate.parse("2026-02-28"),
            LocalDateTime.parse("2026-10-25T02:30:00"),
            OffsetDateTime.parse("2026-10-25T02:30:00+02:00"),
            ZonedDateTime.parse("2026-10-25T02:30:00+02:00[Europe/Berlin]"),
            Duration.ofMillis(90_500),
            YearMonth.parse("2026-11"),
            Year.of(2026));
    assertThat(write(times))
        .contains(
            "\"instant\":\"2026-11-24T10:15:30.123456789Z\"",
            "\"date\":\"2026-02-28\"",
            "\"offset\":\"2026-10-25T02:30:00+02:00\"",
            "\"zoned\":\"2026-10-25T02:30:00+02:00[Europe/Berlin]\"",
            "\"duration\":\"PT1M30.5S\"",
            "\"month\":\"2026-11\"");
    comesBack(times, Times.class);
  }

  record Maybe(Optional<String> text, Optional<Instant> when, OptionalLong number) {}

  @Test
  void anEmptyOptionalIsLeftOutAndAMissingOneIsEmpty() throws Exception {
    Maybe empty = new Maybe(Optional.empty(), Optional.empty(), OptionalLong.empty());
    assertThat(write(empty)).isEqualTo("{}");
    comesBack(empty, Maybe.class);
    comesBack(
        new Maybe(Optional.of(""), Optional.of(Instant.EPOCH), OptionalLong.of(0)), Maybe.class);
  }

  record Exact(BigDecimal amount, BigInteger whole) {}

  @Test
  void decimalsComeBackExactlyWithTheirScale() throws Exception {
    for (String amount :
        List.of(
            "1.10",
            "0",
            "0.000",
            "-7",
            "1E+3",
            "123456789012345678901234567890.123456789",
            "0.1000000000000000055511151231257827",
            "1e-30")) {
      comesBack(new Exact(new BigDecimal(amount), new BigInteger("9".repeat(60))), Exact.class);
    }
    assertThat(write(new Exact(new BigDecimal("1.10"), BigInteger.ONE)))
        .isEqualTo("{\"amount\":1.10,\"whole\":1}");
  }

  // ---- sealed types ----

  sealed interface Payment permits Card, Invoice, Other {}

  @TypeName("card")
  record Card(String number) implements Payment {}

  @EventType("InvoicePaid")
  record Invoice(BigDecimal amount, UUID id) implements Payment {}

  sealed interface Other extends Payment permits Cash, Barter {}

  @TypeName("cash")
  enum Cash implements Other {
    COINS,
    NOTES
  }

  @EventType
  record Barter(List<Payment> parts) implements Other {}

  record Paid(Payment payment, List<Payment> more, Optional<Payment> last) {}

  @Test
  void sealedTypesAreToldApartByStableNames() throws Exception {
    Invoice invoice = new Invoice(new BigDecimal("1.10"), UUID.randomUUID());
    Paid paid =
        new Paid(
            new Card("4711"),
            List.of(invoice, Cash.NOTES, new Barter(List.of(new Card("1")))),
            Optional.of(new Card("9")));
    String text = write(paid);
    assertThat(text)
        .contains(
            "{\"@type\":\"card\",\"number\":\"4711\"}",
            "\"@type\":\"InvoicePaid\"",
            "\"@type\":\"Barter\"",
            "\"last\":{\"@type\":\"card\"")
        .doesNotContain("JsonEventSerializerTest", "Card");
    comesBack(paid, Paid.class);
  }

  @Test
  void decimalsStayExactAlsoWhenTheTypeIsNamedLast() throws Exception {
    Paid paid =
        read(
            "{\"payment\":{\"amount\":0.10000000000000000555,\"@type\":\"InvoicePaid\"},\"more\":[]}",
            Paid.class);
    assertThat(((Invoice) paid.payment()).amount())
        .isEqualTo(new BigDecimal("0.10000000000000000555"));
  }

  @Test
  void aConcreteClassOfASealedTypeNeedsNoTypeWhereItIsDeclaredItself() throws Exception {
    assertThat(write(new Card("4711"))).isEqualTo("{\"number\":\"4711\"}");
    comesBack(new Card("4711"), Card.class);
  }

  @Test
  void aTypeThatIsNotPermittedIsRefused() {
    assertThatThrownBy(
            () -> read("{\"payment\":{\"@type\":\"java.lang.Runtime\"},\"more\":[]}", Paid.class))
        .hasMessageContaining("java.lang.Runtime")
        .hasMessageContaining("card");
  }

  sealed interface Nameless permits Named, Unnamed {}

  @TypeName("named")
  record Named() implements Nameless {}

  record Unnamed() implements Nameless {}

  record HoldsNameless(Nameless one) {}

  @Test
  void aPermittedClassWithoutAStableNameIsAnErrorThatNamesTheFix() {
    assertThatThrownBy(() -> json.serialize(new HoldsNameless(new Named())))
        .hasMessageContaining(Unnamed.class.getName())
        .hasMessageContaining("@TypeName");
  }

  sealed interface Twins permits One, Two {}

  @TypeName("same")
  record One() implements Twins {}

  @TypeName("same")
  record Two() implements Twins {}

  record HoldsTwins(Twins one) {}

  @Test
  void twoPermittedClassesOfOneNameAreAnErrorThatNamesBoth() {
    assertThatThrownBy(() -> json.serialize(new HoldsTwins(new One())))
        .hasMessageContaining(One.class.getName())
        .hasMessageContaining(Two.class.getName());
  }

  // ---- event source ids ----

  record AccountId(String value) implements EventSourceId {}

  static final class Ticket implements EventSourceId {
    private final int number;

    private Ticket(int number) {
      this.number = number;
    }

    static Ticket of(String value) {
      return new Ticket(Integer.parseInt(value));
    }

    @Override
    public String value() {
      return Integer.toString(number);
    }
  }

  record Ids(EventSourceId any, AccountId account, Ticket ticket, Map<AccountId, Integer> map) {}

  @Test
  void eventSourceIdsAreText() throws Exception {
    Ids ids =
        new Ids(
            EventSourceId.of("a"),
            new AccountId("b"),
            Ticket.of("12"),
            Map.of(new AccountId("c"), 1));
    assertThat(write(ids))
        .isEqualTo("{\"any\":\"a\",\"account\":\"b\",\"ticket\":\"12\",\"map\":{\"c\":1}}");
    Ids back = read(write(ids), Ids.class);
    assertThat(back.any()).isEqualTo(ids.any());
    assertThat(back.account()).isEqualTo(ids.account());
    assertThat(back.ticket().number).isEqualTo(12);
    assertThat(back.map()).isEqualTo(ids.map());
  }

  // ---- replacing some of it ----

  @Test
  void anApplicationsOwnMapperDecidesEverything() throws Exception {
    ObjectMapper mapper = JsonEventSerializer.standardMapper();
    mapper.setPropertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE);
    JsonEventSerializer own = JsonEventSerializer.using(mapper);
    assertThat(own.serialize(new Snake("x")).toUtf8()).isEqualTo("{\"first_name\":\"x\"}");
    assertThat(own.deserialize(Bytes.utf8("{\"first_name\":\"x\"}"), Snake.class))
        .isEqualTo(new Snake("x"));
    assertThat(write(new Snake("x"))).isEqualTo("{\"firstName\":\"x\"}");
  }

  record Snake(String firstName) {}
}
