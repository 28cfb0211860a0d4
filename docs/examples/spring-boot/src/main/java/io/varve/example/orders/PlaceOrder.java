package io.varve.example.orders;

import io.varve.client.commands.CanProvideEventStreamId;
import io.varve.client.commands.Command;
import io.varve.client.commands.Decision;
import io.varve.client.commands.EventSourceType;
import io.varve.client.commands.EventStreamId;
import io.varve.client.commands.EventStreamType;
import io.varve.client.commands.Rejection;
import io.varve.example.orders.StockEvent.OrderPlaced;

/**
 * Places an order, if there is enough of the product. What it reads, the order's source and the
 * product's stock, is what the log checks when the event is appended: of two orders for the last
 * piece one is refused, whichever service instances they go through.
 */
@Command
@EventSourceType("Order")
@EventStreamType(Stock.STREAM)
@EventStreamId
public record PlaceOrder(OrderId order, String product, int quantity)
    implements CanProvideEventStreamId {

  /** The event, or why there is none. */
  public sealed interface Outcome permits OrderPlaced, OrderExists, OutOfStock {}

  /** There is an order with this id. */
  public record OrderExists(OrderId order) implements Outcome, Rejection {}

  /** There is less than was ordered. */
  public record OutOfStock(String product, int left) implements Outcome, Rejection {}

  /** Decides. */
  public Outcome handle(Decision decision) {
    if (decision.exists(order)) {
      return new OrderExists(order);
    }
    int left = decision.fold(Stock.of(product), 0, Stock::after);
    return left < quantity
        ? new OutOfStock(product, left)
        : new OrderPlaced(order, product, quantity);
  }

  @Override
  public String eventStreamId() {
    return product;
  }
}
