package io.varve.example.orders;

import io.varve.client.commands.CanProvideEventStreamId;
import io.varve.client.commands.Command;
import io.varve.client.commands.EventSourceType;
import io.varve.client.commands.EventStreamId;
import io.varve.client.commands.EventStreamType;
import io.varve.example.orders.StockEvent.StockReceived;

/** Puts goods in stock. Unconditional: goods that came in are there. */
@Command
@EventSourceType("Product")
@EventStreamType(Stock.STREAM)
@EventStreamId
public record ReceiveStock(ProductId product, int quantity) implements CanProvideEventStreamId {

  /** The event. */
  public StockReceived handle() {
    return new StockReceived(product.value(), quantity);
  }

  @Override
  public String eventStreamId() {
    return product.value();
  }
}
