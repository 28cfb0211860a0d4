package io.varve.example.orders;

import io.varve.client.EventStream;
import io.varve.client.ReadOptions;
import io.varve.client.VarveClient;
import io.varve.client.commands.CommandResult;
import io.varve.client.commands.Commands;
import io.varve.client.serialization.EventCodec;
import io.varve.example.orders.PlaceOrder.OutOfStock;
import io.varve.example.orders.StockEvent.OrderPlaced;
import java.util.Optional;
import org.springframework.http.HttpStatus;
import org.springframework.http.ProblemDetail;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ResponseStatusException;

/** The service over HTTP. */
@RestController
class OrdersController {

  private final VarveClient varve;
  private final Commands commands;
  private final EventCodec codec;

  OrdersController(VarveClient varve, Commands commands, EventCodec codec) {
    this.varve = varve;
    this.commands = commands;
    this.codec = codec;
  }

  /** What is ordered. */
  record OrderRequest(String product, int quantity) {}

  /** What came in. */
  record StockRequest(int quantity) {}

  /** An order as it is in the log. */
  record OrderView(String order, String product, int quantity, long position) {}

  /** How much there is. */
  record StockView(String product, int quantity) {}

  @PostMapping("/products/{product}/stock")
  StockView receive(@PathVariable String product, @RequestBody StockRequest request) {
    requirePositive(request.quantity());
    commands.execute(new ReceiveStock(new ProductId(product), request.quantity()));
    return stock(product);
  }

  @GetMapping("/products/{product}/stock")
  StockView stock(@PathVariable String product) {
    int quantity = 0;
    try (EventStream events = varve.read(ReadOptions.matching(Stock.of(product)))) {
      for (var event : events) {
        quantity = Stock.after(quantity, codec.decode(event));
      }
    }
    return new StockView(product, quantity);
  }

  /** The caller chooses the id, so that a request that is sent again places no second order. */
  @PutMapping("/orders/{order}")
  ResponseEntity<?> place(@PathVariable String order, @RequestBody OrderRequest request) {
    requirePositive(request.quantity());
    CommandResult result =
        commands.execute(new PlaceOrder(new OrderId(order), request.product(), request.quantity()));
    if (result instanceof CommandResult.Appended) {
      return ResponseEntity.status(HttpStatus.CREATED).body(find(order).orElseThrow());
    }
    if (result instanceof CommandResult.Rejected rejected) {
      if (rejected.rejection() instanceof OutOfStock none) {
        return conflict("only " + none.left() + " of " + none.product() + " left");
      }
      return conflict("there is an order " + order);
    }
    return conflict("too many orders at once for " + request.product() + ": try again");
  }

  @GetMapping("/orders/{order}")
  ResponseEntity<OrderView> order(@PathVariable String order) {
    return ResponseEntity.of(find(order));
  }

  private Optional<OrderView> find(String order) {
    try (EventStream events = varve.read(ReadOptions.ofSource(order))) {
      return events.stream()
          .flatMap(
              event ->
                  codec.decode(event).as(OrderPlaced.class).stream()
                      .map(
                          placed ->
                              new OrderView(
                                  order, placed.product(), placed.quantity(), event.position())))
          .findFirst();
    }
  }

  private static void requirePositive(int quantity) {
    if (quantity < 1) {
      throw new ResponseStatusException(
          HttpStatus.BAD_REQUEST, "quantity must be at least 1, not " + quantity);
    }
  }

  private static ResponseEntity<ProblemDetail> conflict(String why) {
    return ResponseEntity.of(ProblemDetail.forStatusAndDetail(HttpStatus.CONFLICT, why)).build();
  }
}
