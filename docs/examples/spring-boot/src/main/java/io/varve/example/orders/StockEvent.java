package io.varve.example.orders;

import io.varve.client.commands.EventType;

/** What changes how much of a product there is. */
public sealed interface StockEvent {

  /** The product. */
  String product();

  /** By how much the stock changes. */
  int change();

  /** Goods came in. */
  @EventType("StockReceived")
  record StockReceived(String product, int quantity) implements StockEvent {
    @Override
    public int change() {
      return quantity;
    }
  }

  /** An order took some. */
  @EventType("OrderPlaced")
  record OrderPlaced(OrderId order, String product, int quantity)
      implements StockEvent, PlaceOrder.Outcome {
    @Override
    public int change() {
      return -quantity;
    }
  }
}
