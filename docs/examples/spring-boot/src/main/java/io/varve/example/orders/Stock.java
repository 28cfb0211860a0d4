package io.varve.example.orders;

import io.varve.client.Filter;
import io.varve.client.FilterItem;
import io.varve.client.serialization.DecodedEvent;

/** How much of a product there is: a fold over everything that changes it. */
final class Stock {

  /** The stream type of everything that changes a stock; the stream id is the product. */
  static final String STREAM = "Stock";

  private Stock() {}

  /** What changes the stock of a product, in whatever event source it is. */
  static Filter of(String product) {
    return Filter.anyOf(FilterItem.builder().streamType(STREAM).streamId(product).build());
  }

  /** The stock after one more event. */
  static Integer after(Integer stock, DecodedEvent event) {
    return stock + event.as(StockEvent.class).map(StockEvent::change).orElse(0);
  }
}
