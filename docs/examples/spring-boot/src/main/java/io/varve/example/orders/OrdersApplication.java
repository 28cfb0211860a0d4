package io.varve.example.orders;

import io.varve.client.RetryPolicy;
import io.varve.client.VarveClient;
import io.varve.client.commands.Commands;
import io.varve.client.serialization.EventCodec;
import io.varve.client.serialization.EventTypes;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;

/** Starts the service. It needs a cluster: {@code ./varve demo} starts one. */
@SpringBootApplication
public class OrdersApplication {

  /** Starts the service. */
  public static void main(String[] arguments) {
    SpringApplication.run(OrdersApplication.class, arguments);
  }

  /** One client for the whole process. It connects when first used; Spring closes it at the end. */
  @Bean
  VarveClient varve(@Value("${varve.target}") String target) {
    return VarveClient.builder().target(target).build();
  }

  /** How events are written and read: as JSON, by their classes. */
  @Bean
  EventCodec codec() {
    return EventCodec.json(EventTypes.of(StockEvent.class));
  }

  /** Executes commands. One that was overtaken decides again, a few times. */
  @Bean
  Commands commands(VarveClient varve, EventCodec codec) {
    RetryPolicy tenTimes = RetryPolicy.defaults().withMaxAttempts(10);
    return Commands.builder(varve).codec(codec).retry(tenTimes).build();
  }
}
