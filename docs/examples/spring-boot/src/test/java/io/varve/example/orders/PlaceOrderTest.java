package io.varve.example.orders;

import io.varve.example.orders.PlaceOrder.OrderExists;
import io.varve.example.orders.PlaceOrder.OutOfStock;
import io.varve.example.orders.StockEvent.OrderPlaced;
import io.varve.testkit.Specification;
import io.varve.testkit.VarveTest;
import org.junit.jupiter.api.Test;

/** The rules of the service, without HTTP and without Spring. */
@VarveTest
class PlaceOrderTest {

  private static final ReceiveStock TEN_PIES = new ReceiveStock(new ProductId("pie"), 10);

  @Test
  void takesFromStock(Specification specification) {
    specification
        .given(TEN_PIES)
        .when(order("o-1", 10))
        .thenEvents(new OrderPlaced(new OrderId("o-1"), "pie", 10));
  }

  @Test
  void refusesMoreThanThereIs(Specification specification) {
    specification
        .given(TEN_PIES, order("o-1", 6))
        .when(order("o-2", 5))
        .thenRejected(new OutOfStock("pie", 4));
  }

  @Test
  void placesAnOrderOnce(Specification specification) {
    specification
        .given(TEN_PIES, order("o-1", 1))
        .when(order("o-1", 1))
        .thenRejected(new OrderExists(new OrderId("o-1")));
  }

  @Test
  void anOrderThatTakesTheLastOnesMeanwhileIsSeen(Specification specification) {
    specification.given(TEN_PIES).meanwhile(order("o-1", 10)).when(order("o-2", 1)).thenViolation();
  }

  @Test
  void ordersOfAnotherProductAreNoConflict(Specification specification) {
    ReceiveStock cakes = new ReceiveStock(new ProductId("cake"), 5);
    specification
        .given(TEN_PIES, cakes)
        .meanwhile(new PlaceOrder(new OrderId("o-1"), "cake", 5))
        .when(order("o-2", 1))
        .thenEvents(new OrderPlaced(new OrderId("o-2"), "pie", 1));
  }

  private static PlaceOrder order(String id, int quantity) {
    return new PlaceOrder(new OrderId(id), "pie", quantity);
  }
}
