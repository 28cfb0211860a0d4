package io.varve.cli.demo;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.varve.client.NewEvent;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.NoSuchElementException;
import java.util.PriorityQueue;
import java.util.Set;

/**
 * A made-up half year of a shop: orders, payments, shipments and customers, over thousands of
 * sources, in the order things happened. The distribution is documented in {@code
 * docs/demo-history.md}; the same seed and size give the same history, byte for byte.
 *
 * <p>Iterating simulates: only what is still under way is held in memory. Each element is one
 * append: its events, to one or several sources, happened together. Not thread-safe; iterate once.
 */
final class ShopHistory implements Iterator<List<NewEvent>> {

  /** Orders of the demonstration's history; each brings about eleven events. */
  static final int DEMO_ORDERS = 5_000;

  /** The seed of the demonstration's history. */
  static final long DEMO_SEED = 20_260_301;

  private static final Instant BEGIN = Instant.parse("2026-03-01T00:00:00Z");
  private static final double SPAN_SECONDS = 184 * 86_400.0;

  private static final double MINUTE = 60;
  private static final double HOUR = 3_600;
  private static final double DAY = 86_400;

  /** How busy each hour of the day (UTC) is, relative to the mean. */
  private static final double[] BUSY_BY_HOUR = {
    0.3, 0.2, 0.1, 0.1, 0.1, 0.2, 0.4, 0.7, 1.0, 1.2, 1.3, 1.4,
    1.5, 1.4, 1.3, 1.2, 1.2, 1.3, 1.5, 1.8, 2.0, 1.8, 1.3, 0.7
  };

  private static final String[] MARKETS = {"EUR", "EUR", "EUR", "GBP", "NOK", "USD"};
  private static final String[] HUBS = {
    "Oslo", "Hamburg", "Rotterdam", "Lyon", "Milano", "Kraków", "Göteborg", "Leeds", "Zürich"
  };
  private static final String[] DECLINES = {
    "insufficient funds", "expired card", "suspected fraud"
  };
  private static final String[] COLOURS = {
    "Blue", "Red", "Green", "White", "Black", "Oak", "Steel"
  };
  private static final String[] THINGS = {
    "mug", "lamp", "chair", "teapot", "blanket", "clock", "shelf", "notebook", "umbrella"
  };

  private static final String WORDS =
      "please leave it with the neighbour on the second floor and ring twice because the bell is"
          + " quiet or call when you are near thank you very much ";

  private final Chance chance;
  private final int orders;
  private final Chance.Zipf customers = new Chance.Zipf(2_000, 0.8);
  private final Chance.Zipf products = new Chance.Zipf(500, 1.0);
  private final Set<Integer> registered = new HashSet<>();
  private final PriorityQueue<Step> pending = new PriorityQueue<>();

  private long steps;
  private int placed;
  private int shipments;
  private List<NewEvent> happening = new ArrayList<>();
  private double now;

  ShopHistory(long seed, int orders) {
    this.chance = new Chance(seed);
    this.orders = orders;
    scheduleNextOrder();
  }

  @Override
  public boolean hasNext() {
    return !pending.isEmpty();
  }

  @Override
  public List<NewEvent> next() {
    // Every step records at least one event.
    Step step = pending.poll();
    if (step == null) {
      throw new NoSuchElementException();
    }
    now = step.at;
    happening = new ArrayList<>(2);
    step.action.run();
    return happening;
  }

  private void scheduleNextOrder() {
    if (placed >= orders) {
      return;
    }
    placed++;
    // Orders come at random, as often as the hour is busy.
    double work = chance.exponential(SPAN_SECONDS / orders);
    double wait = 0;
    while (true) {
      double moment = now + wait;
      double busy = BUSY_BY_HOUR[(int) (moment / HOUR) % 24];
      double hourLeft = HOUR - moment % HOUR;
      if (work <= hourLeft * busy) {
        wait += work / busy;
        break;
      }
      work -= hourLeft * busy;
      wait += hourLeft;
    }
    Order order = new Order(placed);
    after(wait, () -> place(order));
  }

  private void place(Order order) {
    ArrayNode lines = JsonNodeFactory.instance.arrayNode();
    do {
      int product = products.draw(chance) + 1;
      int quantity = 1 + chance.poisson(0.3);
      int cents = 100 * (int) Math.max(1, chance.logNormal(29, 0.9)) - 1;
      lines
          .addObject()
          .put("product", "P-" + product)
          .put("name", COLOURS[product % COLOURS.length] + " " + THINGS[product % THINGS.length])
          .put("quantity", quantity)
          .put("unitPrice", cents);
      order.total += (long) quantity * cents;
    } while (lines.size() < 12 && chance.happens(0.45));
    order.lines = lines.size();
    if (registered.add(order.customer)) {
      ObjectNode customer = object().put("since", at(now).toString()).put("market", order.currency);
      record(order, "customer-" + order.customer, "Customer", "CustomerRegistered", "", customer);
    }
    ObjectNode data = object().put("customer", order.customer);
    data.set("lines", lines);
    data.put("total", order.total).put("currency", order.currency);
    data.putObject("shipTo")
        .put("city", HUBS[chance.below(HUBS.length)])
        .put("postcode", Integer.toString(10_000 + chance.below(90_000)));
    if (chance.happens(0.02)) {
      data.put("note", words((int) Math.min(8_000, chance.logNormal(400, 1.0))));
    }
    record(order, order.source(), "Order", "OrderPlaced", "", data);
    after(chance.exponential(2 * MINUTE), () -> pay(order, 1));
    scheduleNextOrder();
  }

  private void pay(Order order, int attempt) {
    if (chance.happens(0.93)) {
      ObjectNode data = money(order).put("attempt", attempt);
      record(order, order.payment(), "Payment", "PaymentAuthorized", "", data);
      after(chance.logNormal(6 * HOUR, 0.7), () -> pack(order));
      return;
    }
    ObjectNode data =
        money(order).put("attempt", attempt).put("reason", DECLINES[chance.below(DECLINES.length)]);
    record(order, order.payment(), "Payment", "PaymentDeclined", "", data);
    if (attempt < 3 && chance.happens(0.7)) {
      after(chance.logNormal(HOUR, 1.0), () -> pay(order, attempt + 1));
    } else {
      record(order, order.source(), "Order", "OrderCancelled", "", object().put("by", "payment"));
    }
  }

  private void pack(Order order) {
    if (chance.happens(0.03)) {
      record(order, order.source(), "Order", "OrderCancelled", "", object().put("by", "customer"));
      record(order, order.payment(), "Payment", "PaymentVoided", "", money(order));
      return;
    }
    order.parcels = order.lines >= 3 && chance.happens(0.25) ? 2 : 1;
    record(
        order, order.source(), "Order", "OrderPacked", "", object().put("parcels", order.parcels));
    for (int parcel = 1; parcel <= order.parcels; parcel++) {
      Shipment shipment = new Shipment(order, ++shipments);
      String destination = HUBS[chance.below(HUBS.length)];
      ObjectNode data =
          object()
              .put("order", order.number)
              .put("grams", (int) chance.logNormal(900, 0.8))
              .put("destination", destination);
      record(order, shipment.source(), "Shipment", "ShipmentCreated", "", data);
      after(chance.logNormal(8 * HOUR, 0.5), () -> dispatch(shipment));
    }
  }

  private void dispatch(Shipment shipment) {
    Order order = shipment.order;
    ObjectNode data =
        object()
            .put("carrier", "carrier-" + (1 + chance.below(4)))
            .put("tracking", String.format(Locale.ROOT, "VRV%09d", chance.below(1_000_000_000)));
    record(order, shipment.source(), "Shipment", "ShipmentDispatched", "", data);
    if (!order.captured) {
      order.captured = true;
      record(order, order.payment(), "Payment", "PaymentCaptured", "", money(order));
    }
    int scans = 1 + chance.poisson(2.5);
    after(chance.logNormal(5 * HOUR, 0.6), () -> scan(shipment, scans));
  }

  private void scan(Shipment shipment, int left) {
    Order order = shipment.order;
    ObjectNode data =
        object()
            .put("order", order.number)
            .put("hub", HUBS[chance.below(HUBS.length)])
            .put("stopsLeft", left);
    record(order, shipment.source(), "Shipment", "ShipmentScanned", "location", data);
    if (left > 1) {
      after(chance.logNormal(7 * HOUR, 0.6), () -> scan(shipment, left - 1));
    } else {
      after(chance.logNormal(5 * HOUR, 0.4), () -> deliver(shipment));
    }
  }

  private void deliver(Shipment shipment) {
    Order order = shipment.order;
    if (chance.happens(0.004)) {
      ObjectNode data = object().put("claim", "C-" + shipment.number);
      record(order, shipment.source(), "Shipment", "ShipmentLost", "", data);
      refund(order, "lost");
      return;
    }
    ObjectNode data = object().put("signedBy", chance.happens(0.8) ? "recipient" : "neighbour");
    record(order, shipment.source(), "Shipment", "ShipmentDelivered", "", data);
    if (++order.delivered < order.parcels) {
      return;
    }
    record(order, order.source(), "Order", "OrderCompleted", "", object());
    if (chance.happens(0.05)) {
      after(chance.logNormal(4 * DAY, 0.6), () -> takeBack(order));
    }
  }

  private void takeBack(Order order) {
    ObjectNode data = object().put("reason", chance.happens(0.6) ? "wrong size" : "changed mind");
    record(order, order.source(), "Order", "OrderReturned", "", data);
    refund(order, "returned");
  }

  private void refund(Order order, String reason) {
    ObjectNode data = money(order).put("reason", reason);
    record(order, order.payment(), "Payment", "PaymentRefunded", "", data);
  }

  private void record(
      Order order, String source, String sourceType, String type, String key, ObjectNode data) {
    Instant time = at(now);
    happening.add(
        NewEvent.builder(source, type)
            .sourceType(sourceType)
            .streamType("Fulfilment")
            .streamId(YearMonth.from(time.atOffset(ZoneOffset.UTC)).toString())
            .tag("order:" + order.number)
            .tag("customer:" + order.customer)
            .key(key)
            .data(data.toString())
            .occurred(time)
            .build());
  }

  private void after(double seconds, Runnable action) {
    pending.add(new Step(now + seconds, steps++, action));
  }

  private String words(int length) {
    int start = chance.below(WORDS.length());
    StringBuilder text = new StringBuilder(length + WORDS.length());
    text.append(WORDS, start, WORDS.length());
    while (text.length() < length) {
      text.append(WORDS);
    }
    return text.substring(0, length);
  }

  private static Instant at(double seconds) {
    return BEGIN.plusMillis((long) (seconds * 1_000));
  }

  private static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  private static ObjectNode money(Order order) {
    return object()
        .put("order", order.number)
        .put("amount", order.total)
        .put("currency", order.currency);
  }

  /** Something that will happen. Ties are broken by the order they were scheduled in. */
  private record Step(double at, long number, Runnable action) implements Comparable<Step> {
    @Override
    public int compareTo(Step other) {
      int byTime = Double.compare(at, other.at);
      return byTime != 0 ? byTime : Long.compare(number, other.number);
    }
  }

  private final class Order {
    private final int number;
    private final int customer = 1 + customers.draw(chance);
    private final String currency = MARKETS[chance.below(MARKETS.length)];
    private long total;
    private int lines;
    private int parcels;
    private int delivered;
    private boolean captured;

    Order(int number) {
      this.number = number;
    }

    String source() {
      return String.format(Locale.ROOT, "order-%05d", number);
    }

    String payment() {
      return String.format(Locale.ROOT, "payment-%05d", number);
    }
  }

  private record Shipment(Order order, int number) {
    String source() {
      return String.format(Locale.ROOT, "shipment-%05d", number);
    }
  }
}
