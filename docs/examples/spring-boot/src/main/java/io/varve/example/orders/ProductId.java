package io.varve.example.orders;

import io.varve.client.commands.EventSourceId;

/** The event source of a product. */
public record ProductId(String value) implements EventSourceId {}
